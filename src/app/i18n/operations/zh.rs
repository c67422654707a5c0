//! The operations page in Chinese.

use super::OperationsTexts;
use crate::app::format::count;
use crate::article::generation::AttemptOutcome;
use crate::article::operations::BreakerState;

pub(in crate::app::i18n) static TEXTS: OperationsTexts = OperationsTexts {
    nav: "运行",
    nav_short: "运行",
    title: "运行状况",
    stale: |why| format!("这些数字不是最新的。{why}"),
    at_a_glance: "概览",

    running: "正在写作",
    nothing_runs: "现在没有正在写的文章。",
    begin: "写一篇文章",
    elapsed: "已用时",
    place: |place| format!("排在第 {place} 位"),
    server: "服务器",
    queue: |taken, places, waiting| {
        let (taken, places) = (count(taken.into()), count(places.into()));
        match waiting {
            0 => format!("{taken} / {places}"),
            waiting => format!("{taken} / {places}，{} 个在排队", count(waiting.into())),
        }
    },
    no_queue: "不限",
    in_use: "占用",
    spent: "今日费用（UTC）",
    spent_nothing: "无",
    budget: |used, limit| format!("预算 {limit}，已用或预留 {used}"),

    providers: "服务商",
    provider: "服务商",
    outcomes: "最近的请求",
    outcome_counts: |succeeded, failed| match failed {
        0 => format!("{succeeded} 次成功"),
        failed => format!("{succeeded} 次成功，{failed} 次失败"),
    },
    never_asked: "还没有请求过",
    first_token: "首字",
    percentiles: |half, most| format!("半数在 {half} 内，95% 在 {most} 内"),
    last_error: "最近的错误",
    no_error: "无",
    breakers: "熔断",
    breakers_closed: |models| match models {
        1 => "模型照常使用。".to_owned(),
        models => format!("{models} 个模型都照常使用。"),
    },
    breaker: |state| match state {
        BreakerState::Closed => "照常使用",
        BreakerState::HalfOpen => "正在试一次，看是否恢复",
        BreakerState::Open => "接连失败，暂不使用",
    },
    breaker_until: |wait| format!("{wait} 后再试"),

    letters: "死信",
    letters_lead: "试过所有办法仍没有写成的文章。写作要求、提示词和已写的文字都在。",
    no_letters: "没有死信",
    no_letters_hint: "要写的都写成了，或者已经有人处理过。",
    attempt_count: |attempts| format!("请求 {attempts} 次"),
    without_text: "没有文字",
    replay: "从头写",
    from_text: "接着已有的文字写",
    from_text_choice: "接着已有的文字写",
    edit: "修改要求",
    edit_title: "修改要求再写",
    discard: "丢弃",
    discard_ask: "丢弃它？文章会保留。",
    selection: "选中的死信",
    replay_selected: "从头写所选",
    discard_selected: "丢弃所选",
    discard_selected_ask: "丢弃所选？文章会保留。",
    replayed: |title| format!("正在重新写《{title}》。"),
    replayed_several: |articles| format!("正在重新写 {articles} 篇文章。"),
    discarded: |letters| format!("已丢弃 {letters} 封死信，文章会保留。"),
    was_replayed: "已经有人重新写过。",
    was_discarded: "已经丢弃，文章还在。",
    to_article: "去看文章",
    brief: "写作要求",
    prompt: |template| format!("提示词（模板 {template}）"),
    system_message: "系统消息",
    user_message: "用户消息",
    attempts: "请求记录",
    no_attempts: "没有请求过模型。",
    started: "开始于",
    outcome: "结果",
    ended: |outcome| match outcome {
        None => "进行中",
        Some(AttemptOutcome::Complete) => "完成",
        Some(AttemptOutcome::Length) => "达到长度上限",
        Some(AttemptOutcome::Cancelled) => "已停止",
        Some(AttemptOutcome::Refused) => "被拒绝",
        Some(AttemptOutcome::Failed) => "失败",
        Some(AttemptOutcome::Interrupted) => "中断",
    },
    text: "已写的文字",
};
