//! What an undecided claim would take, and how far a list of verdicts can be trusted.

use crate::{
    Language,
    compare::{Caution, MARGIN, Undecided},
    stats::Estimate,
};

impl Undecided {
    /// What is undecided, and what would decide it, in `language`.
    #[must_use]
    pub fn describe(&self, language: Language) -> String {
        let Estimate { value, low, high } = self.measured;
        let (claimed, chinese) = (self.claimed, language == Language::Chinese);
        let holds = match (self.holds_none, chinese) {
            (true, true) => "，含“无差异”",
            (true, false) => ", which holds \"no difference\"",
            (false, _) => "",
        };
        let lead = if chinese {
            format!("倍数 {value:.3}（{low:.3} 至 {high:.3}{holds}）对照至少 {claimed:.3}：")
        } else {
            format!("the factor is {value:.3} ({low:.3} to {high:.3}{holds}) against {claimed:.3} or more: ")
        };
        let width = self.width().map(|width| match chinese {
            true => format!("，即区间上下端之比为 {width:.2}"),
            false => format!(", an interval of {width:.2} from end to end"),
        });
        let cure = match (self.more_runs, chinese) {
            (Some(times), true) => format!("约 {times:.1} 倍的运行次数可判定{}", width.unwrap_or_default()),
            (Some(times), false) => format!("some {times:.1} times the runs decide it{}", width.unwrap_or_default()),
            (None, true) => "数值恰在分界处，更多运行未必能判定".to_owned(),
            (None, false) => "it stands where the answer changes, and more runs may not decide it".to_owned(),
        };
        lead + &cure
    }
}

impl Caution {
    pub(crate) fn describe(self, language: Language) -> String {
        let Self { decided } = self;
        let wrong = self.wrong();
        match language {
            Language::English => format!(
                "Reproduced means better than no difference, and within a factor of {MARGIN} of the claim or beyond it. Each verdict \
                 is at 95 %: of {decided}, at most {wrong:.1} may be expected to be wrong by chance."
            ),
            Language::Chinese => format!(
                "成立指确有差异，且与发布的倍数相差不超过 {MARGIN} 倍或更好。每个结论为 95 %：{decided} 个之中预计至多 {wrong:.1} 个因偶然而错。"
            ),
        }
    }
}
