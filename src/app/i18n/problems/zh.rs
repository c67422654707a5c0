//! What failed, in Chinese.

use crate::article::problem::{Code, Problem};

/// What happened, and what can be done; in the server's own words where there are none here.
pub(in crate::app::i18n) fn words(problem: &Problem) -> (String, String) {
    let (what, remedy) = match problem.code {
        Code::InvalidBrief => ("写作要求有一处不被接受。", "请按字段旁的说明修改后再试。"),
        Code::UnknownModel => ("配置里没有这个模型。", "请在“更多”里另选一个，或按文体选择。"),
        Code::IdempotencyKeyReused => ("同一个请求编号带来了不同的内容。", "请再试一次。"),
        Code::BodyTooLarge => ("内容太长，服务器不收。", "请缩短后再试。"),
        Code::ArticleNotFound => ("没有这篇文章。", "它可能已被删除，请到文库里找。"),
        Code::InvalidArticle => {
            ("这样改不了。", "标题须有 1 到 300 个字，正文不能空着或过长；一次最多选 100 篇。")
        }
        Code::InvalidParameter if problem.param.as_deref() == Some("q") => {
            ("搜索的内容太长。", "最多 200 个字、32 个词，请缩短后再试。")
        }
        Code::DeadLetterNotFound => ("没有这封死信。", "它的文章可能已被删除，或者地址不完整。"),
        Code::DeadLetterSettled => ("已经有人重新写过或丢弃了它。", "列表里是还没有处理的。"),
        Code::GenerationNotFound => ("找不到这次写作。", "请刷新页面。"),
        Code::RevisionConflict => ("你编辑时，文章在别处改过。", "请看过两份再决定。"),
        Code::RevisionNotFound => ("没有这个版本。", "请回到当前版本。"),
        Code::GenerationEnded => ("写作已经结束。", "请刷新页面查看结果。"),
        Code::GenerationRunning => ("正在写作中。", "请先停止，或等它写完。"),
        Code::GenerationElsewhere => {
            ("这篇文章正由命令行写作。", "请在那里停止，已写的文字会保留。")
        }
        Code::HostNotAllowed => ("服务器不接受这个主机名。", "请换用配置中的地址访问。"),
        Code::CrossOrigin => ("请求来自另一个网站，已被拒绝。", "请在本页面重新操作。"),
        Code::Overloaded => ("排队等待写作的文章太多。", "请稍后再试，输入的内容还在。"),
        Code::BudgetExhausted => (
            "这台服务器今天的预算已用完。",
            "预算在世界标准时间零点重新计算，管理员也可以调高。输入和写好的内容都在。",
        ),
        Code::AccessTokenNeeded | Code::TooManyGuesses => {
            ("登录已失效。", "请刷新页面重新登录，草稿会保留。")
        }
        Code::ShuttingDown => ("服务器正在重启。", "请稍后再试。"),
        Code::StorageUnavailable => {
            ("数据库无法写入。", "请腾出空间或检查数据库文件后再试，输入的内容还在。")
        }
        Code::Internal => ("服务器内部出错。", "请再试一次；若仍出错，请把请求编号告诉管理员。"),
        Code::TextTooLong => ("模型写出的文字超过了上限。", "请调低篇幅，或在配置中提高上限。"),
        Code::UpstreamUnreachable => {
            ("连接不上模型的服务器。", "请检查配置中的地址和网络，然后再试。")
        }
        Code::UpstreamTimeout => ("模型没有及时回答。", "请再试一次，或换一个模型。"),
        Code::UpstreamUnauthorized => ("模型服务商拒绝了密钥。", "请检查配置中的密钥。"),
        Code::UpstreamRateLimited => ("模型服务商限制了请求频率。", "请稍等再试，或换一个模型。"),
        Code::UpstreamRejected => {
            ("模型服务商拒绝了请求。", "请换一个模型，或检查账户余额、模型名称和采样参数。")
        }
        Code::UpstreamFailed => ("模型出错了。", "请再试一次，或换一个模型。"),
        Code::AnswerLimit => ("模型写到了单次回答的长度上限。", "可以从已写的文字继续。"),
        Code::UpstreamTruncated => ("模型的回答中途断了。", "可以从已写的文字继续。"),
        Code::UpstreamMalformed => ("模型服务商的回答不符合协议。", "请检查配置中的地址。"),
        _ => return (problem.message.clone(), problem.resolution.clone()),
    };
    (what.to_owned(), remedy.to_owned())
}
