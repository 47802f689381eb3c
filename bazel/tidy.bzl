"""clang-tidy over the C files of cc_library and cc_binary targets; findings fail the build.

bazel build --config=tidy //base/... //server/...
Generated files and C++ tests are not looked at.
"""

def _flags(context):
    return (["-I" + path for path in context.includes.to_list()] +
            ["-iquote" + path for path in context.quote_includes.to_list()] +
            ["-isystem" + path for path in context.system_includes.to_list()] +
            ["-D" + define for define in context.defines.to_list()])

def _tidy_impl(target, ctx):
    if CcInfo not in target or not hasattr(ctx.rule.attr, "srcs") or ctx.label.workspace_root:
        return []
    context = target[CcInfo].compilation_context
    reports = []
    for source in ctx.rule.files.srcs:
        if source.extension != "c" or not source.is_source:
            continue
        report = ctx.actions.declare_file("%s.%s.tidy" % (ctx.label.name, source.basename))
        ctx.actions.run_shell(
            inputs = depset(ctx.rule.files.srcs + [ctx.file._config], transitive = [context.headers]),
            outputs = [report],
            mnemonic = "ClangTidy",
            progress_message = "clang-tidy %s" % source.short_path,
            use_default_shell_env = True,
            command = ("clang-tidy --quiet --config-file=%s %s -- -std=gnu17 %s > %s 2>/dev/null " +
                       "|| { cat %s >&2; exit 1; }") %
                      (ctx.file._config.path, source.path, " ".join(_flags(context)), report.path, report.path),
        )
        reports.append(report)
    return [OutputGroupInfo(tidy = depset(reports))]

tidy = aspect(
    implementation = _tidy_impl,
    attrs = {"_config": attr.label(default = "//:.clang-tidy", allow_single_file = True)},
)
