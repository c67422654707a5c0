//! Texts whose words are as common as words are: the n-th most common has the n-th part (Zipf).

/// Characters of the Chinese texts.
const CHARACTERS: u32 = 2_500;
/// Words of the English texts.
const WORDS: u32 = 8_000;

/// A source of numbers that is the same on every run (xorshift64*, Marsaglia).
pub struct Dice(u64);

impl Dice {
    /// From a seed that is not 0.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        (self.fraction() * f64::from(end)) as u32
    }

    /// A rank below `end`, low ones as often as common words.
    fn rank(&mut self, end: u32) -> u32 {
        (f64::from(end).powf(self.fraction()) as u32).saturating_sub(1).min(end - 1)
    }

    /// A Chinese text of so many characters.
    pub fn chinese(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length * 3);
        for at in 1..=length {
            text.push(character(self.rank(CHARACTERS)));
            if at % 17 == 0 {
                text.push(if at % 51 == 0 { '。' } else { '，' });
            }
            if at % 204 == 0 {
                text.push_str("\n\n");
            }
        }
        text
    }

    /// An English text of so many words.
    pub fn english(&mut self, length: usize) -> String {
        let mut text = String::with_capacity(length * 8);
        for at in 1..=length {
            text.push_str(&word(self.rank(WORDS)));
            text.push_str(match at {
                at if at % 80 == 0 => ".\n\n",
                at if at % 12 == 0 => ". ",
                _ => " ",
            });
        }
        text
    }
}

/// The n-th most common Chinese character of these texts.
pub fn character(rank: u32) -> char {
    // Neighbours in rank are no neighbours in the table.
    char::from_u32(0x4E00 + rank * 7_919 % 20_000).unwrap_or('一')
}

/// The n-th most common English word of these texts: syllables.
pub fn word(rank: u32) -> String {
    const SYLLABLES: [&str; 16] = [
        "re", "ca", "lo", "ti", "ne", "sor", "mu", "pla", "den", "fi", "gra", "hos", "ku", "ver",
        "by", "sta",
    ];
    let mut rank = rank + 16;
    let mut word = String::new();
    while rank > 0 {
        word.push_str(SYLLABLES[(rank % 16) as usize]);
        rank /= 16;
    }
    word
}
