//! How a model that has no other way is asked to go on from its own text.

use super::is_chinese;

/// The instruction.
pub(super) const GO_ON: &str = "Your last message was cut off. Go on from exactly the character after its \
    last one, also in the middle of a word, a sentence or a code block. Repeat nothing of it, do \
    not begin again, and say nothing about the interruption. If it was complete, answer nothing.";

/// [`GO_ON`] in Chinese.
pub(super) const GO_ON_CHINESE: &str = "你上一条消息在中途被截断。请紧接着它的最后一个字符继续写下去,即使那里正处在一个词、\
    一句话或一个代码块的中间。不要重复已经写出的任何内容,不要重新开头,也不要提到中断。如果它已经写完,就什么也不要输出。";

/// The instruction in the article's language (BCP 47), as far as there is one.
pub(super) fn instruction(language: &str) -> &'static str {
    if is_chinese(language) { GO_ON_CHINESE } else { GO_ON }
}
