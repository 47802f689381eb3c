"""What a WORKSPACE needs for gRPC in C."""

load("//bazel:pkg_config.bzl", "pkg_config_library")
load("//bazel:system_files.bzl", "system_files")

def pv_repositories(path):
    """Declares the system libraries and files that the generator and the runtimes stand on.

    Everything comes from Debian packages of this machine; nothing is fetched from a network.

    Args:
      path: from the WORKSPACE to the folder of this repository.
    """

    # Bazel itself names these in its own BUILD files. Ours hold only what it asks of them, so that it has
    # nothing to download.
    for shim in ["rules_cc", "rules_java", "remote_coverage_tools"]:
        native.local_repository(name = shim, path = path + "/bazel/shims/" + shim)

    # gRPC's pkg-config file names sixty libraries that libgrpc is already linked with; two suffice.
    pkg_config_library(
        name = "grpc",
        packages = {"grpc": "grpc"},
        keep_libraries = ["grpc", "gpr"],
        debian_package = "libgrpc-dev",
    )
    pkg_config_library(
        name = "protobuf_c",
        packages = {"protobuf_c": "libprotobuf-c"},
        debian_package = "libprotobuf-c-dev",
    )
    pkg_config_library(
        name = "openssl",
        packages = {"ssl": "libssl", "crypto": "libcrypto"},
        debian_package = "libssl-dev",
    )
    system_files(
        name = "google_protos",
        root = "/usr/include",
        paths = ["google/protobuf"],
        build_file = "@purvey//bazel/third_party:google_protos.BUILD",
        debian_package = "libprotobuf-dev and libprotoc-dev",
    )
    system_files(
        name = "grpc_protos",
        root = "/usr/share/grpc-proto",
        paths = ["grpc"],
        build_file = "@purvey//bazel/third_party:grpc_protos.BUILD",
        debian_package = "grpc-proto",
    )
    system_files(
        name = "protoc",
        root = "/usr/bin",
        paths = ["protoc", "protoc-gen-c"],
        build_file = "@purvey//bazel/third_party:protoc.BUILD",
        debian_package = "protobuf-compiler and protobuf-c-compiler",
    )
