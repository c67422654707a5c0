//! 中文界面。

use super::texts::{FieldText, StageState, Texts};
use crate::app::brief_draft::{Field, FieldFault};
use crate::app::format::{count, duration};
use crate::app::preferences::Theme;
use crate::app::progress::Connection;
use crate::article::brief::{FindingKind, Priority, Range, Style};
use crate::article::event::{GenerationState, Notice, NoticeKind, RouteReason, Stage};
use crate::article::generation::AttemptOutcome;

/// 界面文字。
pub static TEXTS: Texts = Texts {
    other_language: "English",
    between: "",
    skip_to_content: "跳到正文",
    main_navigation: "主导航",
    write: "写作",
    library: "文库",
    running: |count| format!("有 {count} 篇文章正在写"),
    unreachable: "连接不上服务器。你输入的内容都在；连上后会自动继续。",
    keys_title: "快捷键",
    keys: &[
        (&["Ctrl", "Enter"], "开始写，或重写"),
        (&["Esc"], "停止写作；关闭打开的内容"),
        (&["Ctrl", "K"], "在任何页面搜索文库"),
        (&["/"], "在有搜索框的页面搜索"),
        (&["n"], "写一篇新文章"),
        (&["l"], "文库"),
        (&["Ctrl", "S"], "在编辑器中保存"),
        (&["?"], "显示这些快捷键"),
    ],
    keys_letters: "启用不带 Ctrl 的快捷键",
    close: "关闭",
    client_late: "页面上的按钮暂时不能使用：所需的程序尚未载入。可以继续阅读，或重新载入页面。",
    part_missing: "页面的一部分未能载入。",
    part_missing_hint: "连接中断，或者服务器刚刚更新。请重新载入页面；输入的内容会保留。",
    load_again: "重新加载",
    models: "模型",
    switch_language: "Switch to English",
    theme,
    needs_javascript: "写作需要 JavaScript。已写完的文章不需要，可在文库中阅读。",

    compose_title: "写一篇文章",
    site_description: "Inkstream 把一个主题写成技术文章：模型边写边排版，可以随时停止、接着写、修改，写出的文字不会丢失。",
    ask: "今天写点什么？",
    style_label: "文体",
    style,
    more: "更多",
    details: "写给谁，怎么写",
    sampling: "采样参数",
    field,
    advised: |range| format!("建议 {} 到 {}。", range.min, range.max),
    unusual: |range| {
        format!("超出建议的 {} 到 {}。会照此使用，文字可能不同寻常。", range.min, range.max)
    },
    fault,
    characters_left: |left| format!("还可输入 {left} 字"),
    characters_over: |over| format!("超出 {over} 字"),
    language_of_topic: "与主题相同",
    model_by_style: "按文体选择",
    priority_by_configuration: "按配置",
    priority: |priority| match priority {
        Priority::Fast => "快速",
        Priority::Default => "普通",
        Priority::Premium => "优质",
    },
    will_write: |model| format!("将由 {model} 写作"),
    will_write_demo: |model| format!("{model} · 按最接近的主题给出样文 · 免费"),
    submit: "开始写",
    submitting: "正在发送…",
    rewrite: "重新写",
    ideas: "或者从这些主题开始",
    demo_only: "还没有接入模型。演示会写出一篇样文，停止、继续，乃至模型出错（见“更多”），都可以试。要接入模型，把密钥写进 .env 再启动即可。",

    outline: "目录",
    sections: "各节",
    progress: "进度",
    facts: "数据",
    stage: |stage| match stage {
        Stage::Preprocess => "准备",
        Stage::Route => "选择模型",
        Stage::Generate => "写作",
        Stage::Postprocess => "整理",
    },
    stage_state: |state| match state {
        StageState::Pending => "未开始",
        StageState::Now => "进行中",
        StageState::Done => "已完成",
        StageState::Stopped => "止于此",
    },
    first_token: "首字",
    speed: "速度",
    speed_unit: "tok/s",
    written: "已写",
    tokens_unit: "tok",
    cost: "费用",
    tokens: "token",
    in_all: "合计",
    attempts: "各次尝试",
    outcome: |outcome| match outcome {
        None => "正在写",
        Some(AttemptOutcome::Complete) => "写完了",
        Some(AttemptOutcome::Length) => "写到了单次回答的上限",
        Some(AttemptOutcome::Cancelled) => "由你停止",
        Some(AttemptOutcome::Refused) => "拒绝写",
        Some(AttemptOutcome::Failed) => "失败",
        Some(AttemptOutcome::Interrupted) => "因服务器停止而中断",
    },
    seams: "接缝",
    seam_at: |percent| format!("{percent}% 处"),
    seam_between: |from, to| match from {
        Some(from) if from == to => format!("再次请求 {to}："),
        Some(from) => format!("{from} 交给 {to}："),
        None => format!("{to} 接着写："),
    },
    seam_why: |reason| format!("{}。", why(reason)),
    write_from_here: "从这里重写",
    write_anew: "重新写一篇",
    cost_unknown: "未定价",
    cost_free: "免费",
    cost_estimate: |amount| format!("预计共 {amount}"),
    cost_about: |amount| format!("约 {amount}"),
    model: "模型",
    route_reason,
    notices: "途中",
    notice,
    warnings: "要求中不寻常之处",
    warning: |param, message| match param {
        "temperature" => "温度超出建议范围，已照原值使用。".to_owned(),
        "top_p" => "top_p 超出建议范围，已照原值使用。".to_owned(),
        _ => message.to_owned(),
    },
    reasoning: "模型动笔前的思考",
    stop: "停止",
    stopping: "正在停止…",
    jump_to_end: "到末尾",
    lumps: "文字是成批到达的：途中有代理在攒内容。用 nginx 的话，请为本站设 proxy_buffering off，并且不要压缩 text/event-stream。",
    connection: |connection| match connection {
        Connection::Idle | Connection::Live => "",
        Connection::Reconnecting => "连接断开，正在重连。文章完好，会从同一个字接着写。",
        Connection::Offline => "此设备已断网。服务器仍在写，网络恢复后页面会自动接上。",
    },
    state,
    waiting: "正在排队等待空位。",
    started: "开始写作。",
    ended: |state| match state {
        GenerationState::Done => "文章写完了。",
        GenerationState::Cancelled => "写作已停止，已写的文字保留着。",
        GenerationState::Failed => "写作失败，已写的文字保留着。",
        GenerationState::Interrupted => "写作中断，已写的文字保留着。",
        GenerationState::Rejected => "写作要求被拒绝。",
        GenerationState::Queued | GenerationState::Running => "",
    },
    title_writing: |title| format!("● 正在写：{title}"),
    title_ended: |state, title| match state {
        GenerationState::Done => format!("✓ 已写完：{title}"),
        other => format!("{}：{title}", state_word(other)),
    },
    minutes_to_read: |minutes| format!("阅读约 {minutes} 分钟"),
    words: |words, language| {
        let unit = if language.starts_with("zh") { "字" } else { "词" };
        format!("{} {unit}", count(u64::from(words)))
    },
    machine_written: "机器写作",
    being_written: "正在写",
    revision_of: |number, all| format!("第 {number} 版，共 {all} 版"),
    revision_number: |number| format!("第 {number} 版"),
    ended_after: |state, tokens| match state {
        GenerationState::Done => format!("已写完，{tokens} token"),
        GenerationState::Cancelled => format!("写到 {tokens} token 时由你停止"),
        GenerationState::Failed => format!("写到 {tokens} token 时失败"),
        GenerationState::Interrupted => format!("写到 {tokens} token 时中断"),
        GenerationState::Rejected => "被拒绝".to_owned(),
        GenerationState::Queued | GenerationState::Running => String::new(),
    },
    left_to_others: "已在此停止。同样的内容也在为另一个请求写作，那边会继续写完。",
    upstream_closed: |ms| format!("已停止，与模型的连接在 {ms} 内关闭。"),
    nobody_asked: "已停止，当时没有在请求模型。",
    not_current: "这不是读者看到的版本。",
    make_current: "设为当前版本",
    back_to_current: "回到当前版本",
    revisions: "各版本",
    compare: "对比",
    compare_with_current: "与当前版本对比",
    compare_older: "左边",
    compare_newer: "右边",
    words_changed: |added, removed| {
        format!("新增 {} 词，删去 {} 词", count(added.into()), count(removed.into()))
    },
    nothing_changed: "两版文字相同。",
    unchanged_blocks: |blocks| format!("{blocks} 段未改"),
    only_here: |number| format!("第 {number} 版没有这一段"),
    current_one: "当前版本",
    back_to_article: "回到文章",
    continue_writing: "继续写",
    regenerate: "重写",
    regenerate_title: "重新写一遍",
    regenerate_note: "会产生新的版本，原有各版都保留，点一下就能看到。",
    cancel: "取消",
    copy: "复制",
    copied: "已复制",
    copy_failed: "未能复制，请选中文字手动复制。",
    copy_markdown: "复制 Markdown",
    download_markdown: "下载 Markdown",
    no_text_yet: "还没有写出文字。",
    ended_without_text: "没有写出文字。",
    text_kept: "已写的文字已存为一个版本。",
    nothing_written: "此前还没有写出文字，因此没有丢失什么。",
    rejected: |findings| format!("写作要求被拒绝：{findings}。"),
    interrupted: "写作途中服务器停止了。",
    tags: "标签",

    // 接入模型。
    connect_model: "接入模型",
    connect_nothing: "还没有接入模型，由内置演示代写。加一行即可接入真实的模型。",
    connect_found: "以下来自配置、环境变量和本机。",
    connect_routes: "由谁来写",
    connect_then: |models| format!("其余候选：{models}"),
    connect_providers: "已接入",
    connect_demo: "内置，不需要密钥，不花钱，只写样文",
    connect_with_key: "带密钥",
    connect_without_key: "不带密钥",
    connect_no_models: "它还没有模型。请先在那边加载一个，再重新启动 Inkstream；或在 inkstream.toml 中加一条 [[models]]。",
    connect_model_of: |provider| format!("{provider} 的模型"),
    connect_test: "测试",
    connect_testing: "正在询问…",
    connect_works: |model, time| format!("{model} 有回应，首字用时 {time}。"),
    connect_more: "再接入一个",
    connect_how: "把下面这行连同你的密钥写进启动服务器的目录下名为 .env 的文件，或放进环境变量，再重新启动。模型、价格和路由随密钥而来。",
    connect_other: "其他任何服务器",
    connect_other_how: "vLLM、LM Studio、LiteLLM，以及一切支持 OpenAI chat completions 的服务：填它的地址（写到 /v1 为止）和一个模型的名字。若要密钥，再加 OPENAI_API_KEY。",
    connect_local: "本机的 Ollama 或 llama.cpp",
    connect_local_how: "没有接入其他模型时，会在常用端口（11434、8080）上自动找到。拉取一个模型，再重新启动 Inkstream。",

    // 文章页，以及修改。
    download_html: "下载 HTML",
    edit: "编辑",
    edit_title: "标题",
    edit_text: "正文（Markdown）",
    edit_write: "编写",
    edit_preview: "预览",
    edit_save: "保存",
    edit_saving: "正在保存…",
    edit_leave: "关闭",
    edited_by_hand: "人工修改",
    named: |title| format!("名为“{title}”"),
    draft_kept: |at| format!("尚未保存，草稿已存在此浏览器，{at}"),
    draft_not_kept: "此浏览器不能存草稿，离开前请先保存。",
    draft_here: |at| format!("这里有你 {at} 未保存的文字。"),
    draft_behind: "此后文章有过改动，保存时会把两份并排给你看。",
    drafts_older: |older| format!("另有 {older} 份更早的也保留着，会在它之后出现。"),
    draft_go_on: "继续编辑",
    draft_discard: "丢弃",
    saved_elsewhere: "文章刚在别处保存过。你的文字还在。",
    show_both: "两份都看",
    conflict_title: "两份文字",
    conflict_note: "你编辑时，文章在别处改过。什么都没有丢，两份都在这里。",
    conflict_mine: "你的",
    conflict_theirs: "已保存的",
    not_in_theirs: "已保存的没有这一段",
    not_in_mine: "你的没有这一段",
    keep_mine: "以我的为最新版",
    take_theirs: "采用已保存的",
    back_to_editing: "回到编辑",

    library_empty: "这里还空着",
    library_empty_hint: "写过的文章都会留在这里，没写完的也在。",
    start_first: "写第一篇",
    delete: "删除",
    delete_ask: "删除这篇文章？",
    keep: "保留",
    deleted: |title| format!("已删除《{title}》。"),
    undo: "撤销",
    show_more: "显示更多",
    loading: "正在载入…",
    updated: "更新于",
    // 文库：查找、改名、批量处理。
    search: "搜索",
    search_placeholder: "搜索标题和正文",
    filter_state: "状态",
    filter_language: "语言",
    all_states: "全部状态",
    all_styles: "全部文体",
    all_languages: "全部语言",
    articles_in_all: |articles| format!("共 {} 篇", count(u64::from(articles))),
    found: |articles| format!("找到 {} 篇", count(u64::from(articles))),
    found_more_than: |articles| format!("找到 {} 篇以上，新的在前", count(u64::from(articles))),
    nothing_found: "没有符合条件的文章",
    nothing_found_for: |query| format!("没有找到“{query}”"),
    nothing_found_hint: "标题或正文须包含每一个词。可以减少或换用词语，在英文词头后加 *，或改变筛选条件。",
    show_all: "显示全部文章",
    rename: "改名",
    new_title_of: |title| format!("《{title}》的新标题"),
    select_article: |title| format!("选择《{title}》"),
    selection: "选中的文章",
    selected: |articles| format!("已选 {articles} 篇"),
    select_none: "取消选择",
    delete_selected: "删除所选",
    deleted_several: |articles| format!("已删除 {articles} 篇文章。"),

    operations: &super::operations::ZH,

    // Signing in, and what the connection is.
    sign_in: "登录",
    sign_out: "退出登录",
    plain_http: "当前连接未加密，同一网络中的其他人可能看到您的内容。",
    understood: "知道了",

    not_found_title: "没有这个页面",
    not_found_hint: "地址可能有误，或者页面已经搬走。",
    article_not_found: "没有这篇文章",
    article_not_found_hint: "它可能已被删除，或者地址不完整。",
    failed_to_load: "页面未能载入",
    to_library: "去文库",
    try_again: "再试一次",
    network_failed: "连接不上服务器。",
    network_failed_hint: "请检查网络后再试。",
    typed_is_kept: "输入的内容还在。",
    bad_answer: "看不懂服务器的回答。",
    bad_answer_hint: "请刷新页面，它可能比服务器旧。",
    problem: super::problems::zh::words,
    request_id: |id| format!("请求编号 {id}"),
};

fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "主题：跟随系统",
        Theme::Light => "主题：浅色",
        Theme::Dark => "主题：深色",
    }
}

fn style(style: Style) -> &'static str {
    match style {
        Style::Technical => "技术",
        Style::Tutorial => "教程",
        Style::Overview => "综述",
    }
}

fn state_word(state: GenerationState) -> &'static str {
    match state {
        GenerationState::Queued => "排队中",
        GenerationState::Running => "写作中",
        GenerationState::Done => "已写完",
        GenerationState::Cancelled => "已停止",
        GenerationState::Rejected => "被拒绝",
        GenerationState::Failed => "失败",
        GenerationState::Interrupted => "中断",
    }
}

fn state(state: GenerationState) -> &'static str {
    state_word(state)
}

fn field(field: Field) -> FieldText {
    let (label, hint, example) = match field {
        Field::Topic => {
            ("主题", "一个主题、一个问题，或想讲的要点。", "一个主题、一个问题，或想讲的要点……")
        }
        Field::Audience => ("读者", "写给谁看。", "刚接触 Rust 的后端开发者"),
        Field::TechStack => ("技术栈", "要用到的工具和语言。", "Tokio、Axum"),
        Field::Prerequisites => ("预备知识", "读者已经懂的。", "线程、HTTP"),
        Field::Duration => ("时长", "读完或跟着做完需要多久。", "15 分钟"),
        Field::Language => ("语言", "文章的语言。", ""),
        Field::Length => ("篇幅", "中文按字数，其他语言按词数。", "3000"),
        Field::Tone => ("语气", "读起来是什么感觉。", "平实、准确"),
        Field::Format => ("格式", "模型用什么格式写；文章都一样。", ""),
        Field::Model => ("模型", "先用它，再用文体对应的模型。", ""),
        Field::Priority => ("优先级", "看重速度和费用，还是最好的文字。", ""),
        Field::Temperature => ("温度", "越高越多变，越低越稳妥。", "0.7"),
        Field::TopP => ("top_p", "只从累计概率到此为止的词里选。", "0.95"),
        Field::MaxTokens => ("max_tokens", "回答最长多少 token，到此为止。", "4096"),
        Field::FrequencyPenalty => ("频率惩罚", "越高，同样的词重复得越少。", "0.1"),
        Field::PresencePenalty => ("存在惩罚", "越高，越快转向新的内容。", "0.1"),
        Field::Stop => ("停止序列", "遇到其中之一就停笔。每行一个，最多四个；\\n 表示换行。", ""),
    };
    FieldText { label, hint, example }
}

fn fault(fault: &FieldFault) -> String {
    match fault {
        FieldFault::NotANumber => "这不是数字。".to_owned(),
        FieldFault::NotWhole => "这不是整数。".to_owned(),
        FieldFault::Finding(kind) => match kind {
            FindingKind::Blank => "这里不能空着。".to_owned(),
            FindingKind::TooLong { chars, max } => format!("共 {chars} 字，最多 {max} 字。"),
            FindingKind::TooMany { max } => format!("最多 {max} 个。"),
            FindingKind::OutOfRange(Range { min, max }) => format!("只能在 {min} 到 {max} 之间。"),
            FindingKind::Unusual(Range { min, max }) => format!("超出建议的 {min} 到 {max}。"),
            FindingKind::NotALanguage => "这不是 en、zh-CN 这样的语言标签。".to_owned(),
            FindingKind::NulCharacter => "其中有看不见的字符（U+0000），请删去。".to_owned(),
        },
    }
}

fn route_reason(reason: &RouteReason) -> String {
    let model = reason.model.as_deref().unwrap_or("模型");
    match reason.code.as_str() {
        "brief_model" => "写作要求中指定".to_owned(),
        "style_route" => "此文体的首选".to_owned(),
        "default_route" => "默认的首选".to_owned(),
        "demo_only" => "还没有接入模型，由演示代写".to_owned(),
        "cheapest" => "最便宜的优先".to_owned(),
        "priority" => "按所选的优先级".to_owned(),
        "long_brief" => "要求较长，用最好的模型".to_owned(),
        "breaker_open" => format!("{model} 屡次出错"),
        "line_full" => format!("{model} 的队伍已满"),
        "too_small" => "容不下这份要求的模型不用".to_owned(),
        _ => reason.message.clone(),
    }
}

fn notice(notice: &Notice) -> String {
    let model = notice.model.as_deref().unwrap_or("模型");
    let why = why(notice.reason.as_deref().unwrap_or_default());
    // 片刻的等待不必说。
    let wait = notice.wait_ms.filter(|ms| *ms >= 1000);
    let after =
        wait.map(|ms| format!("{} 后", duration(ms.next_multiple_of(100)))).unwrap_or_default();
    match notice.kind {
        NoticeKind::Failover | NoticeKind::Continued if notice.reason.is_none() => {
            format!("{after}改由 {model} 写。")
        }
        NoticeKind::Failover | NoticeKind::Continued if notice.is_reason("breaker_open") => {
            format!("原来的模型屡次出错，{after}改由 {model} 写。")
        }
        NoticeKind::Failover | NoticeKind::Continued if notice.is_reason("line_full") => {
            format!("原来的模型排队已满，{after}改由 {model} 写。")
        }
        NoticeKind::Retry => format!("没有得到文字：{why}。{after}再次请求 {model}。"),
        NoticeKind::Failover => format!("没有得到文字：{why}。{after}改由 {model} 写。"),
        NoticeKind::Continued if notice.is_reason("length") => {
            format!("回答写到了长度上限，{model} 从同一个字接着写。")
        }
        NoticeKind::Continued => {
            format!("写到途中{why}。{model} {after}从同一个字接着写，没有丢失。")
        }
        NoticeKind::Cached => "不久前已按同样的要求写过，这里直接取用，没有产生费用。".to_owned(),
        NoticeKind::Shared => "刚才有人提出了同样的要求，两边读的是同一份文字。".to_owned(),
        NoticeKind::Queued => match notice.position {
            Some(position) => format!("正在排队，第 {position} 位。"),
            None => "正在排队。".to_owned(),
        },
        NoticeKind::MaxTokens => "文字到写作要求中的 max_tokens 为止。".to_owned(),
        NoticeKind::Other => notice.message.clone(),
    }
}

/// 回答为什么结束或没有来，按错误的代码。
fn why(reason: &str) -> &'static str {
    match reason {
        "length" => "回答写到了长度上限",
        "continued" => "有人按了继续写",
        "upstream_unreachable" => "连接不上模型服务商",
        "upstream_timeout" => "模型没有及时回答",
        "upstream_unauthorized" => "服务商拒绝了密钥",
        "upstream_rate_limited" => "服务商限制了请求频率",
        "upstream_rejected" => "服务商拒绝了请求",
        "upstream_failed" => "模型出错",
        "upstream_truncated" => "回答断开",
        "upstream_malformed" => "回答不符合协议",
        "context_too_small" => "文字超出模型的容量",
        _ => "出了问题",
    }
}
