"""pv_proto_library: C messages, rule tables, client stubs and server bindings of .proto files.

The BUILD file stands at the import root: a file is imported, and its generated headers are included, by
its path below the package. Files see what they or a direct dependency declare and nothing else; options
may name objects, roles, reasons and the like of any dependency, without an import.

Made of `pv_proto_library(name = "order", ...)`:
    :order           messages, tables, field rules, client stubs (X.pb-c.h, X.pv.h)
    :order_server    server bindings: needs the handler functions of every service of the files
    :order_messages  messages alone, for what the generator itself is built from
    :order_rules     the rules as text, X.rules.txt
    :order_sources   the .proto files
"""

PvProtoInfo = provider(fields = {
    "sources": "depset of .proto files, own ones and those of all dependencies",
    "roots": "depset of import roots",
    "direct": "list of import names of the own files",
    "names": "depset of import names, own ones and those of all dependencies",
    "set": "FileDescriptorSet of all of them, with comments",
})

def _package_root(workspace_root, package):
    return "/".join([part for part in [workspace_root, package] if part]) or "."

def _parse_impl(ctx):
    root = _package_root(ctx.label.workspace_root, ctx.label.package)
    deps = [dep[PvProtoInfo] for dep in ctx.attr.deps]
    direct = [file.path[len(root) + 1:] if root != "." else file.path for file in ctx.files.srcs]
    sources = depset(ctx.files.srcs, transitive = [dep.sources for dep in deps])
    roots = depset([root], transitive = [dep.roots for dep in deps])
    names = depset(direct, transitive = [dep.names for dep in deps], order = "postorder")
    allowed = {name: True for name in direct}
    for dep in deps:
        allowed.update({name: True for name in dep.direct})

    # Two runs: the first refuses an import of what is not a direct dependency, the second describes
    # everything that options of the own files may name.
    checked = ctx.actions.declare_file(ctx.label.name + ".checked")
    if not direct:
        ctx.actions.write(checked, "")
    else:
        check = ctx.actions.args()
        check.add_all(roots, format_each = "-I%s")
        check.add("--descriptor_set_out", checked)
        check.add_joined("--direct_dependencies", allowed.keys(), join_with = ":")
        named = str(ctx.label)[:-len("_proto")]
        check.add("--direct_dependencies_violation_msg", "%s is imported but is not in deps of " + named)
        check.add_all(direct)
        ctx.actions.run(
            executable = ctx.executable._protoc,
            arguments = [check],
            inputs = sources,
            outputs = [checked],
            mnemonic = "ProtoCheck",
            progress_message = "Checking protos of %s" % ctx.label,
        )
    described = ctx.actions.declare_file(ctx.label.name + ".set")
    describe = ctx.actions.args()
    describe.add_all(roots, format_each = "-I%s")
    describe.add("--include_source_info")
    describe.add("--include_imports")
    describe.add("--descriptor_set_out", described)
    describe.add_all(names)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [describe],
        inputs = depset([checked], transitive = [sources]),
        outputs = [described],
        mnemonic = "ProtoDescribe",
        progress_message = "Describing protos of %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset([described])),
        PvProtoInfo(sources = sources, roots = roots, direct = direct, names = names, set = described),
    ]

_protoc_attr = attr.label(default = "@protoc//:protoc", executable = True, cfg = "exec", allow_single_file = True)

_parse = rule(
    implementation = _parse_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"]),
        "deps": attr.label_list(providers = [PvProtoInfo]),
        "_protoc": _protoc_attr,
    },
)

def _output_root(ctx):
    return _package_root(ctx.bin_dir.path, _package_root(ctx.label.workspace_root, ctx.label.package).lstrip("."))

def _messages_impl(ctx):
    proto = ctx.attr.proto[PvProtoInfo]
    described = proto.set
    if ctx.executable.pruner:
        described = ctx.actions.declare_file(ctx.label.name + ".set")
        ctx.actions.run_shell(
            command = "%s < %s > %s" % (ctx.executable.pruner.path, proto.set.path, described.path),
            tools = [ctx.executable.pruner],
            inputs = [proto.set],
            outputs = [described],
            mnemonic = "ProtoPrune",
            progress_message = "Pruning protos of %s" % ctx.label,
        )
    ctx.actions.run(
        executable = ctx.executable._protoc,
        tools = [ctx.executable._protoc_gen_c],
        inputs = [described],
        arguments = [
            "--descriptor_set_in=" + described.path,
            "--plugin=protoc-gen-c=" + ctx.executable._protoc_gen_c.path,
            "--c_out=" + _output_root(ctx),
        ] + proto.direct,
        outputs = ctx.outputs.outs,
        mnemonic = "ProtoC",
        progress_message = "Generating messages of %s" % ctx.label,
    )

_messages = rule(
    implementation = _messages_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [PvProtoInfo]),
        "outs": attr.output_list(mandatory = True),
        "pruner": attr.label(executable = True, cfg = "exec"),
        "_protoc": _protoc_attr,
        "_protoc_gen_c": attr.label(
            default = "@protoc//:protoc-gen-c",
            executable = True,
            cfg = "exec",
            allow_single_file = True,
        ),
    },
)

def _tables_impl(ctx):
    proto = ctx.attr.proto[PvProtoInfo]
    parameters = ["set=" + proto.set.path]
    if ctx.attr.access:
        parameters.append("access=" + ctx.attr.access)
    parameters += ["serve=" + service for service in ctx.attr.serve]
    ctx.actions.run(
        executable = ctx.executable._protoc,
        tools = [ctx.executable._generator],
        inputs = [proto.set],
        arguments = [
            "--descriptor_set_in=" + proto.set.path,
            "--plugin=protoc-gen-purvey=" + ctx.executable._generator.path,
            "--purvey_opt=" + ",".join(parameters),
            "--purvey_out=" + _output_root(ctx),
        ] + proto.direct,
        outputs = ctx.outputs.outs,
        mnemonic = "ProtoPurvey",
        progress_message = "Generating tables and stubs of %s" % ctx.label,
    )
    return [DefaultInfo(files = depset(ctx.outputs.outs), runfiles = ctx.runfiles(ctx.outputs.outs))]

_tables = rule(
    implementation = _tables_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [PvProtoInfo]),
        "outs": attr.output_list(mandatory = True),
        "access": attr.string(values = ["", "any", "public"]),
        "serve": attr.string_list(),
        "_protoc": _protoc_attr,
        "_generator": attr.label(default = "@purvey//bazel/codegen:protoc-gen-purvey", executable = True, cfg = "exec"),
    },
)

# What the generator writes about all files together.
_WHOLE = ["access.golden.txt", "transitions.golden.txt", "reasons.txt", "lifecycle.dot", "reference.md"]

def _whole_impl(ctx):
    proto = ctx.attr.proto[PvProtoInfo]
    parameters = ["whole=" + ctx.attr.folder, "set=" + proto.set.path]
    if ctx.attr.catalog:
        parameters.append("catalog=" + ctx.attr.catalog)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        tools = [ctx.executable._generator],
        inputs = [proto.set],
        arguments = [
            "--descriptor_set_in=" + proto.set.path,
            "--plugin=protoc-gen-purvey=" + ctx.executable._generator.path,
            "--purvey_opt=" + ",".join(parameters),
            "--purvey_out=" + _output_root(ctx),
        ] + proto.names.to_list(),
        outputs = ctx.outputs.outs,
        mnemonic = "ProtoWhole",
        progress_message = "Checking the rules of %s together" % ctx.label,
    )
    return [DefaultInfo(files = depset(ctx.outputs.outs), runfiles = ctx.runfiles(ctx.outputs.outs))]

_whole = rule(
    implementation = _whole_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [PvProtoInfo]),
        "outs": attr.output_list(mandatory = True),
        "folder": attr.string(mandatory = True),
        "catalog": attr.string(),
        "_protoc": _protoc_attr,
        "_generator": attr.label(default = "@purvey//bazel/codegen:protoc-gen-purvey", executable = True, cfg = "exec"),
    },
)

def pv_rules_check(name, deps, catalog = None, visibility = None):
    """Checks the rules of all files of `deps` and their dependencies together.

    Fails when a state is never reached, when a dead end is not marked terminal, when two objects share a tag.
    Writes into the folder `name`: access.golden.txt, transitions.golden.txt, reasons.txt, lifecycle.dot and
    reference.md.

    Args:
      name: of the target and of the folder.
      deps: pv_proto_library targets.
      catalog: where to put the tables of all files together: "purvey/catalog" gives purvey/catalog.pv.h and
        the cc_library `name`_catalog.
      visibility: of the targets.
    """
    tables = [catalog + ".pv.h", catalog + ".pv.c"] if catalog else []
    _parse(
        name = name + "_proto",
        srcs = [],
        deps = [label + "_proto" for label in deps],
    )
    _whole(
        name = name,
        proto = name + "_proto",
        outs = [name + "/" + file for file in _WHOLE] + tables,
        folder = name,
        catalog = catalog or "",
        visibility = visibility,
    )
    if catalog:
        native.cc_library(
            name = name + "_catalog",
            srcs = [catalog + ".pv.c"],
            hdrs = [catalog + ".pv.h"],
            includes = ["."],
            deps = deps + ["@purvey//protos/runtime:rules"],
            visibility = visibility,
        )

# protoc-gen-c's code converts between int and the size of an array, and casts away const.
_MESSAGE_COPTS = ["-Wno-conversion", "-Wno-shadow", "-Wno-unused-parameter"]

def pv_proto_library(name, srcs, deps = [], bootstrap = False, access = "", serve = [], visibility = None):
    """See the top of this file.

    Args:
      name: of the library.
      srcs: .proto files of this package.
      deps: other pv_proto_library targets whose files are imported or named in options.
      bootstrap: the generator is built from these messages: they may have no services and no proto3
        `optional`, and keep their comments out of the generator's way.
      access: "any" or "public": who may call methods of files that carry no rules of ours. Without it
        nobody may.
      serve: names of the services that get server bindings; empty: all.
      visibility: of all targets.
    """
    for label in deps:
        if ":" not in label:
            fail("%s: write the dependency %s with its target name" % (name, label))
    stems = [src[:-len(".proto")] for src in srcs]
    message_sources = [stem + ".pb-c.c" for stem in stems]
    message_headers = [stem + ".pb-c.h" for stem in stems]
    table_sources = [stem + ".pv.c" for stem in stems]
    table_headers = [stem + ".pv.h" for stem in stems]
    server_sources = [stem + ".server.pv.c" for stem in stems]
    texts = [stem + ".rules.txt" for stem in stems]

    _parse(
        name = name + "_proto",
        srcs = srcs,
        deps = [label + "_proto" for label in deps],
        visibility = visibility,
    )
    _messages(
        name = name + "_messages_sources",
        proto = name + "_proto",
        outs = message_sources + message_headers,
        pruner = None if bootstrap else "@purvey//bazel/codegen:prune",
    )
    native.cc_library(
        name = name + "_messages",
        srcs = message_sources,
        hdrs = message_headers,
        copts = _MESSAGE_COPTS,
        includes = ["."],
        deps = [label + "_messages" for label in deps] + ["@protobuf_c//:protobuf_c"],
        visibility = visibility,
    )
    _tables(
        name = name + "_tables",
        proto = name + "_proto",
        outs = table_sources + table_headers + server_sources + texts,
        access = access,
        serve = serve,
    )
    native.cc_library(
        name = name,
        srcs = table_sources,
        hdrs = table_headers,
        includes = ["."],
        deps = deps + [name + "_messages", "@purvey//protos/runtime:rules"],
        visibility = visibility,
    )
    native.cc_library(
        name = name + "_server",
        srcs = server_sources,
        deps = [name],
        visibility = visibility,
    )
    native.filegroup(
        name = name + "_sources",
        srcs = srcs,
        visibility = visibility,
    )
    native.filegroup(
        name = name + "_rules",
        srcs = texts,
        visibility = visibility,
    )
