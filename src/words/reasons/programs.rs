//! Programs and libraries of the machine: that they are not there, or are others than are needed.

pub(super) const FORMS: &[(&str, &str)] = &[
    ("there is no {} in target/tools/bin or on PATH", "target/tools/bin 和 PATH 中都没有 {}"),
    ("the {} that was found: {}", "找到的 {}：{}"),
    ("what it answers to --version is no version of it", "它对 --version 的回答不是其版本"),
    ("correct or unset {}", "请更正或取消设置 {}"),
    ("correct {}", "请更正 {}"),
    ("no {} was found", "未找到 {}"),
    ("install {} and have it in PATH, or name it in {}", "请安装 {} 并使其位于 PATH，或在 {} 中指定"),
    ("it does not say its version, but {}", "它未给出版本，而是 {}"),
    ("it says no version, but {}", "它未给出版本，而是 {}"),
    ("it is not in PATH", "PATH 中没有它"),
    ("apt-get install {}", "请运行 apt-get install {}"),
    ("run tools/setup.sh {}", "请运行 tools/setup.sh {}"),
    ("run tools/setup.sh peers, or apt-get install {}", "请运行 tools/setup.sh peers，或 apt-get install {}"),
    ("no static busybox: {}", "没有静态 busybox：{}"),
    ("there is none in PATH", "PATH 中没有"),
    ("the one in PATH is not statically linked", "PATH 中的并非静态链接"),
    (
        "run tools/setup.sh peers, or install a static busybox (Debian: busybox-static)",
        "请运行 tools/setup.sh peers，或安装静态 busybox（Debian：busybox-static）",
    ),
    (
        "install a Rust toolchain (rustup.rs), or name its compiler in RUSTC",
        "请安装 Rust 工具链（rustup.rs），或在 RUSTC 中指定其编译器",
    ),
    (
        "install a Rust toolchain for x86_64 or aarch64 Linux with a linker (apt-get install gcc)",
        "请安装 x86_64 或 aarch64 Linux 的 Rust 工具链和链接器（apt-get install gcc）",
    ),
    ("{} cannot build the image's program: {}", "{} 无法构建镜像中的程序：{}"),
    ("the library says that it is version {}, not {}", "该库自称版本为 {}，而非 {}"),
    (
        "run tools/setup.sh wasmedge, or set WASMEDGE_DIR to WasmEdge {}; then build again",
        "请运行 tools/setup.sh wasmedge，或将 WASMEDGE_DIR 设为 WasmEdge {}；然后重新构建",
    ),
    ("no crun here has WasmEdge's handler with WasmEdge {}: {}", "本机的 crun 都没有带 WasmEdge {} 的处理器：{}"),
    ("run tools/setup.sh {}, or name a crun in {}", "请运行 tools/setup.sh {}，或在 {} 中指定 crun"),
    ("{}: crun runs no bundle under another name than crun", "{}：crun 改名后无法运行 bundle"),
    (
        "it was built without WasmEdge's handler (its --version has no +WASM:wasmedge)",
        "其构建不含 WasmEdge 处理器（其 --version 中没有 +WASM:wasmedge）",
    ),
    ("it is OPA {}, and 1.0 or newer is needed for Rego v1", "它是 OPA {}，而 Rego v1 需要 1.0 或更新版本"),
    (
        "run tools/setup.sh opa, or name an OPA 1.0 or newer in OPA_BIN",
        "请运行 tools/setup.sh opa，或在 OPA_BIN 中指定 OPA 1.0 或更新版本",
    ),
    (
        "run tools/setup.sh cluster, or name a directory that has one in {}",
        "请运行 tools/setup.sh cluster，或在 {} 中指定含有它的目录",
    ),
    ("run tools/setup.sh {}, or name one in {}", "请运行 tools/setup.sh {}，或在 {} 中指定"),
    ("{} and {} are not of one version", "{} 与 {} 版本不同"),
    (
        "put programs of one version into one directory, and name it in {}",
        "请将同一版本的程序放入同一目录，并在 {} 中指定",
    ),
    ("report it: SQLite is built into this program", "请报告此问题：SQLite 内置于本程序"),
    // Root file systems.
    ("the host's own root is no image", "主机自身的根目录不是镜像"),
    ("{}: it is neither a directory nor a regular file", "{}：既不是目录，也不是普通文件"),
    (
        "run tools/setup.sh {}, or name the directory or the tarball (plain or gzip) of a root file system in {}",
        "请运行 tools/setup.sh {}，或在 {} 中指定根文件系统的目录或 tarball（可用 gzip 压缩）",
    ),
    ("it holds more than {} GiB, which no image here does", "其内容超过 {} GiB，此处的镜像都没有这么大"),
    ("it holds more than {} files, which no image here does", "其内容超过 {} 个文件，此处的镜像都没有这么多"),
    ("{} lies outside of the image", "{} 位于镜像之外"),
    ("{} bytes are the name of something", "有名称长达 {} 字节"),
    ("another process held it for {} s (lslocks names it)", "另一进程占用它达 {} 秒（可用 lslocks 查看）"),
];
