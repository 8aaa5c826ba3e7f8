//! What each phase of a start is: the one place where it is said.

use crate::{Language, Phase};

impl Phase {
    /// The name for people.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        let chinese = match self {
            Self::Call => "调用",
            Self::Bundle => "读取配置",
            Self::Clone => "克隆",
            Self::Cgroup => "控制组",
            Self::Namespaces => "命名空间",
            Self::Mounts => "挂载",
            Self::Privileges => "权限",
            Self::Start => "启动",
            Self::Exec => "执行",
            Self::Load => "加载",
            Self::Engine => "引擎",
            Self::Compile => "编译",
            Self::Link => "链接",
            Self::Instantiate => "实例化",
            Self::Run => "运行",
            Self::Process => "进程",
            Self::Bound => "调度",
            Self::Sandbox => "沙箱",
            Self::Container => "容器",
            Self::Reported => "上报",
        };
        language.pick(chinese, self.name())
    }

    /// From where to where it goes. Each ends where the next one begins, and the last one where the workload is ready.
    ///
    /// ```
    /// use runtime_baseline::{Language, Phase};
    ///
    /// assert!(Phase::Mounts.definition(Language::English).contains("pivot"));
    /// ```
    #[must_use]
    pub const fn definition(self, language: Language) -> &'static str {
        match self {
            Self::Call => language.pick(
                "从调用到第一个标记：容器为请求到达创建它的辅助进程之前，进程内引擎为占用席位。",
                "From the call to the first mark: for a container until the request has reached the helper process that makes it, for an engine in this process the taking of its seat.",
            ),
            Self::Bundle => language.pick(
                "读取容器的配置，建立其状态目录。",
                "The container's configuration is read, and its state directory made.",
            ),
            Self::Clone => language.pick(
                "建立启动套接字，克隆中间进程，直至它开始工作。",
                "The socket for the start is made and a process between is cloned, until that one works.",
            ),
            Self::Cgroup => language.pick(
                "中间进程建立控制组，加入并设置限制。",
                "The process between makes the cgroup, joins it and sets its limits.",
            ),
            Self::Namespaces => language.pick(
                "进入各命名空间，并在其中克隆容器的 init 进程。",
                "The namespaces are entered, and the container's init is cloned in them.",
            ),
            Self::Mounts => language.pick(
                "根文件系统：挂载、设备、pivot_root、只读重新挂载。libcontainer 在其间不作标记，因此 pivot 无法单列。",
                "The root file system: mounts, devices, pivot_root, and the remount read-only. libcontainer says nothing between them, so that the pivot cannot be told apart.",
            ),
            Self::Privileges => language.pick(
                "关闭描述符，放弃权能，中间进程结束，状态写入磁盘，直至创建完成。",
                "Descriptors are closed and capabilities given up, the process between ends, the state is written: until the container is created.",
            ),
            Self::Start => language.pick(
                "设置内存限制，通知已创建的容器启动，直至其 init 收到。",
                "The memory limit is set and the created container told to start, until its init has heard it.",
            ),
            Self::Exec => language.pick(
                "init 执行程序，直至其就绪；由引擎运行的模块则为关闭继承的描述符。",
                "The init executes the program, until that is ready; where an engine runs a module in the init, what was inherited is closed.",
            ),
            Self::Load => language.pick(
                "读取模块，或映射编译好的代码。",
                "The module is read, or the machine code that was made of it is mapped.",
            ),
            Self::Engine => language.pick("创建引擎或执行器。", "An engine, or an executor, is made."),
            Self::Compile => language.pick(
                "验证，以及编译或翻译；WasmEdge 的 JIT 在实例化时编译，两者计在一起。",
                "The module is validated, and compiled or translated where the engine does that. WasmEdge's JIT compiles while it instantiates, and both count here.",
            ),
            Self::Link => {
                language.pick("建立宿主函数，解析导入。", "Host functions are made, and the imports resolved.")
            }
            Self::Instantiate => language.pick("建立存储与实例。", "Store and instance are made."),
            Self::Run => language.pick("模块运行至就绪。", "The module runs until it is ready."),
            Self::Process => language.pick(
                "命令行整体，从启动其进程到就绪：其内部无法标记。",
                "A command line as a whole, from the spawn of its process to ready: no mark can be made in it.",
            ),
            Self::Bound => language.pick(
                "从发出创建 Pod 的请求，到监视者读到已为其选定节点的事件。",
                "From the request that creates a pod until who watches has read the event that names its node.",
            ),
            Self::Sandbox => language.pick(
                "kubelet 得知该 Pod 并接纳，containerd 建立其沙箱，直至 containerd 记录容器已创建。",
                "The kubelet hears of the pod and takes it, and containerd makes its sandbox, until containerd writes down that it made the pod's container.",
            ),
            Self::Container => language.pick(
                "准备并启动容器，直至其中的程序自己读取的就绪时刻。",
                "The container is prepared and started, until its program is ready by its own reading of the clock.",
            ),
            Self::Reported => language.pick(
                "kubelet 发现容器在运行并上报，直至监视者读到该 Pod 就绪的事件。",
                "The kubelet finds the container running and reports it, until who watches has read the event that says that the pod is ready.",
            ),
        }
    }
}
