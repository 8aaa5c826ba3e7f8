//! How each number is defined: the one place where it is said, for the reports and the README.

use std::borrow::Cow;

use crate::{Indicator, Language, Statistic, Temperature};

impl Indicator {
    /// What exactly is measured.
    ///
    /// ```
    /// use runtime_baseline::{Indicator, Language};
    ///
    /// let text = Indicator::EvaluationLatency.definition(Language::English);
    /// assert!(text.starts_with("One decision"));
    /// ```
    #[must_use]
    pub const fn definition(self, language: Language) -> &'static str {
        match self {
            Self::ImageSize => language.pick(
                "需要分发的字节数。容器：rootfs 中普通文件之和，另列 gzip 层；Wasm：启动所读的文件，冷启动为 .wasm 文件，预编译为其编译产物。",
                "Bytes that must be shipped: for a container the sum of the root file system's regular files, and the gzip layer beside it; for Wasm the file that a start reads, which is the .wasm file when cold, and what was compiled from it when precompiled.",
            ),
            Self::BinarySize => language.pick(
                "控制平面所需可执行文件的字节数之和，含其存储的可执行文件；不压缩。",
                "Bytes of the executables that a control plane needs, that of its store included, as they are and not compressed.",
            ),
            Self::WorkloadSize => language.pick(
                "工作负载本身的字节数，不含其运行时与基础镜像。",
                "Bytes of the workload itself, without its runtime or base image.",
            ),
            Self::StartupTime => language.pick(
                "从创建实例的调用（产物已在磁盘上）到工作负载自己报告“就绪”的时刻。时刻由工作负载自己读取 CLOCK_MONOTONIC，因此不含唤醒读者的时间。冷、预编译、热三种温度从不混用。",
                "From the call that creates the instance, its artifact already on disk, to the instant at which the workload itself says that it is ready. The workload reads CLOCK_MONOTONIC itself, so that waking the reader is not in the figure. Cold, precompiled and warm are never mixed.",
            ),
            Self::StartupP99 => language.pick(
                "一次突发中启动时间的第 99 百分位：N 次启动（默认 100 次）在屏障处同时放行，各自从自己的调用起计时。同一突发中的启动并不独立，因此一次突发为一个样本，数据为各次突发的中位数。进程内的启动先有一次不计的突发，此后内存页已被写过。",
                "The 99th percentile of the startup time over a burst: N starts, 100 if nothing else is said, released together at a barrier, each timed from its own call. The starts of a burst are not independent, so a burst is one sample, and the figure is the median of the bursts. What starts in process has one before that does not count, so that its pages were written to.",
            ),
            Self::StartRate => language.pick(
                "一次突发中的启动次数除以从放行到最后一个就绪的时间；在填充节点时，为存活实例达到某一数量前后的启动。",
                "The starts of a burst over the time from their release to the last one's being ready; while a node is filled, the same of all starts, or of those around a number of live instances.",
            ),
            Self::LifecycleTime => language.pick(
                "创建、启动、就绪、退出、删除，合计：运行时为此有单一命令的（如 crun run）用该命令，否则为一次启动加一次停止。",
                "Create, start, ready, exit and delete, together: by one command where the runtime's users have one for it, such as crun run, else a start and a stop.",
            ),
            Self::PodStartup => language.pick(
                "从发出创建 Pod 的请求，到监视者读到该 Pod 就绪的事件：真实的 API 服务器、调度器、kubelet 与 containerd，镜像已在节点上，Pod 共用机器的网络。同时创建多个时各自从自己的请求起计时。",
                "From the request that creates a pod until who watches has read the event that says that it is ready: by a real API server, scheduler, kubelet and containerd, the image already on the node, with the machine's own network. Of several that are created together, each is timed from its own request.",
            ),
            Self::MemoryBaseline => language.pick(
                "再多一个空闲、就绪的实例从节点上占去的内存，取全新进程中多个实例上的斜率：有自己进程的实例取其 cgroup 的计费，包括页表、内核为进程与命名空间保留的部分以及长驻的辅助进程；进程内的实例取按比例集合大小（PSS，不含各实例共用的文件页）加页表。没有可计内存的 cgroup 时为下限。PSS、页表以及没有实例时的宿主另列；填充节点时，按数据所注明的方法读取。",
                "What one more idle, ready instance takes from the node, as the slope over many in a fresh process: for one with processes of its own, what their cgroup is charged, with page tables, what the kernel keeps for processes and namespaces, and helpers that stay; within a process, its proportional set size without pages of files, which the instances share, and page tables. Where no cgroup counts memory it is a lower bound. Set size, page tables and the host without instances stand beside it; while a node is filled, memory is read by the method that the figure names.",
            ),
            Self::MemoryPeak => language.pick(
                "一次启动从创建到就绪之间的最高占用，扣除此前已占用的部分，此前的实例仍保持存活：进程内为峰值常驻内存，不含文件页；启动会创建进程时（如容器）为参与的全部进程，取 cgroup 峰值，没有可计内存的 cgroup 时取各进程峰值常驻内存之和。取首次之后各次启动的平均值。",
                "The highest charge between create and ready, above what was in use before, of a start while the instances before it are held: in process the peak resident set, without pages of files; where a start makes processes, as a container's does, that of all that take part, as the peak of a cgroup, or where none counts memory as the sum of their peak resident sets. The mean of the starts after the first.",
            ),
            Self::NodeMemory => language.pick(
                "节点上全部代理进程的内存：kubelet、containerd 以及每个 Pod 的 shim，不含 Pod 自身的进程；稳定之后的 PSS，其时刻与 Pod 数量是数据的设置。其中不以文件为后备的部分另列。",
                "Memory of all agents of a node: the kubelet, containerd, and the shim of each pod, without the pods' own processes; proportional set size after it settled, at an age and with a number of pods that the figure states. What no file backs stands beside it.",
            ),
            Self::CpuBaseline => language.pick(
                "空闲、就绪的实例在一段时间内使用的 CPU 时间，按每个实例计，占一个核心的百分比。其中含测量程序自身的用量，因此是上界；没有实例时的宿主另列。控制平面为其全部进程的 CPU 时间，不含测量程序。",
                "CPU time of idle, ready instances over wall time, for each instance, in per cent of one core. What the harness itself uses is in it, so it is an upper bound; the host without instances stands beside it. Of a control plane, CPU time of all its processes, without the harness.",
            ),
            Self::ColdStartCpuPeak => language.pick(
                "一次突发（默认 100 次启动）期间任意 10 ms 窗口内占节点 CPU 能力的最高份额，取自突发自身的 cgroup 或进程，而非整台机器。",
                "The highest share of the node's CPU capacity over any 10 ms window while a burst runs, of 100 starts if nothing else is said, from the burst's own cgroups or processes, not from the whole machine.",
            ),
            Self::Density => language.pick(
                "在预算（内存、时间、数量）之内同时存活的就绪实例数，由真正启动得出，而非相除得出；阻止下一个的原因另列。",
                "How many ready instances are alive at the same time within a budget of memory, time or number, found by starting them, not by dividing. What stopped the next stands beside it.",
            ),
            Self::EngineStartup => language.pick(
                "从磁盘上的策略字节到第一个正确的决策。",
                "From the policy's bytes on disk to its first correct decision.",
            ),
            Self::EngineMemory => language.pick(
                "再多加载一个已完成一次决策的策略引擎所增加的内存：不含文件页的 PSS，取全新进程中多个引擎上的斜率；服务器取其进程的 PSS。加载第一个引擎时的峰值另列。",
                "What one more loaded policy engine adds, each having decided once: proportional set size without pages of files, as the slope over several in a fresh process; of a server, the proportional set size of its process. The peak while the first is loaded stands beside it.",
            ),
            Self::EvaluationLatency => language.pick(
                "一次决策：输入 JSON 进，决策 JSON 出，引擎已热；策略的各个用例被询问的次数相同；每个决策都与预期的决策核对，在计时之外。",
                "One decision: input JSON in, decision JSON out, engine warm. All cases of the policy are asked as often as each other. Every decision is compared with the expected one, outside the timed span.",
            ),
            Self::EvaluationRate => language.pick(
                "决策数除以从全部线程同时开始到各自结束的时间，扣除核对所用，各自在问完一轮全部用例时结束；多个线程时为各线程之和，每个线程有自己的引擎，或到服务器的自己的连接。",
                "Decisions over the wall time from the instant at which all threads began until each ended, less what the checks took, and each ends when it has asked a whole round of the cases; of several threads the sum, each with an engine of its own, or a connection of its own to a server.",
            ),
            Self::ControlPlaneStartup => language.pick(
                "从创建第一个进程，到存储应答、API 服务器与调度器的 /readyz 及控制器管理器的 /healthz 均返回 ok；每个组件在其所需者就绪之后启动，每次启动都是全新、空的控制平面。",
                "From the spawn of the first process until the store answers, /readyz of the API server and of the scheduler says ok, and /healthz of the controller manager does; each component is started when what it needs is ready, and every start is of a control plane that is new and empty.",
            ),
            Self::ControlPlaneMemory => language.pick(
                "控制平面全部进程的 PSS，在全部就绪之后的某一时刻读取，该时刻是数据的一项设置：空闲的程序会逐渐归还内存，因此只有同一时刻的数据可比。其中不以文件为后备的部分另列，因为其余部分内核可以丢弃。",
                "Proportional set size of all processes of a control plane, at an age that is a setting of the figure, counted from the instant at which all was ready: programs that idle give memory back, so only figures of one age compare. What no file backs stands beside it, since the kernel may drop the rest.",
            ),
            Self::StorageLatency => language.pick(
                "客户端以存储自身的协议进行一次持久写入或一次线性一致读取，从调用到应答；未另说明时对象为 1 KiB。每个应答都在计时之外核对。写入在应答时是否已落盘，是该数据的一项设置。控制平面的此类数据经由其 API 服务器，是其一部分；列出许多对象，以及存储正在丢弃被取代的版本时的更新，也是如此。",
                "One durable write, or one linearizable read, of an object by a client in the store's own protocol, from the call to the answer; of 1 KiB if nothing else is said. Every answer is checked outside the timed span. Whether a write is on disk when it is answered is a setting of the figure. Those of a control plane are through its API server, and figures of a part, as are a list of many objects and updates while the store forgets what was replaced.",
            ),
            Self::ListWatchPressure => language.pick(
                "存储自身的进程每向监视者投递 1,000 个事件所用的 CPU 秒，含被监视的写入；并核对没有事件丢失或重复。",
                "CPU seconds of the store's own process for each 1,000 events that it delivered to its watchers, the writes that they watch included. That no event was lost or doubled is checked.",
            ),
            Self::MaxNodes => language.pick(
                "集群可容纳的最大节点数：逐级增加发送心跳的虚拟节点，各带一个由真正的调度器绑定的 Pod；取全部节点就绪、且 Kubernetes 自身的目标（写与单个读取的 p99 不超过 1 秒，列表不超过 30 秒）均成立的最大一级。阻止下一级的原因另列；若为预算所止，则该值只是下界。",
                "The most nodes that a cluster takes: nodes that do not exist, whose heartbeats are sent, are added step by step, each with a pod that the real scheduler binds; the largest step at which all nodes were ready and Kubernetes' own objectives held (p99 of writes and of single reads at most 1 s, lists at most 30 s). What kept it from the next stands beside it; where that was a budget, the figure is a lower bound.",
            ),
            Self::TotalObjects => language.pick(
                "集群中 API 对象的数量：逐级创建 ConfigMap；取 Kubernetes 自身的目标均成立的最大一级，目标、阻止下一级的原因与下界同上。",
                "API objects that a cluster holds: ConfigMaps are created step by step; the largest step at which Kubernetes' own objectives held, which, what ended it and lower bounds being as of nodes.",
            ),
            Self::Other(_) => language.pick("由记录它的工具定义。", "As the tool that recorded it defines it."),
        }
    }
}

impl Statistic {
    /// The name for people.
    #[must_use]
    pub fn label(self, language: Language) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Single => language.pick("数值", "value"),
            Self::Mean => language.pick("平均值", "mean"),
            Self::Min => language.pick("最小值", "min"),
            Self::Median => language.pick("中位数", "median"),
            Self::P90 | Self::P99 | Self::Quantile(_) => return self.name(),
            Self::Max => language.pick("最大值", "max"),
            Self::Slope => language.pick("斜率", "slope"),
            Self::Rate => language.pick("速率", "rate"),
        })
    }

    /// How it is computed.
    #[must_use]
    pub const fn definition(self, language: Language) -> &'static str {
        match self {
            Self::Single => language.pick("单次观测。", "One observation."),
            Self::Mean => language.pick("算术平均值。", "The arithmetic mean."),
            Self::Min => language.pick("最小的样本。", "The smallest sample."),
            Self::Median => language.pick(
                "第 50 百分位，最近秩：真实观测到的一个样本。",
                "The 50th percentile by nearest rank: a sample that was really observed.",
            ),
            Self::P90 => language.pick("第 90 百分位，最近秩。", "The 90th percentile by nearest rank."),
            Self::P99 => language.pick("第 99 百分位，最近秩。", "The 99th percentile by nearest rank."),
            Self::Max => language.pick("最大的样本。", "The largest sample."),
            Self::Slope => language.pick(
                "对多个观测值拟合的直线的斜率：再多一个的代价。",
                "The slope of a least-squares line through many observations: the cost of one more.",
            ),
            Self::Rate => language.pick("事件数除以合计用时。", "Events over the time that they took together."),
            Self::Quantile(_) => language.pick("该百分位，最近秩。", "That percentile by nearest rank."),
        }
    }
}

impl Temperature {
    /// What had been prepared before the clock started.
    #[must_use]
    pub const fn definition(self, language: Language) -> &'static str {
        match self {
            Self::Cold => language.pick(
                "磁盘上只有可移植的产物：编译在计时之内。其中没有 Wasm 的容器只有这一种温度，因为它没有需要编译的东西。",
                "Nothing but the portable artifact on disk: compilation is inside the figure. A container without Wasm in it has no other temperature, since nothing of it is compiled.",
            ),
            Self::Precompiled => language.pick(
                "磁盘上有编译好的产物：加载在计时之内。",
                "The compiled artifact on disk: loading it is inside the figure.",
            ),
            Self::Warm => language.pick(
                "一切已加载：实例来自池或预备好的模板。",
                "Everything loaded: an instance comes from a pool or a prepared template.",
            ),
        }
    }
}
