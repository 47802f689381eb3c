"""Files of installed Debian packages as a repository of their own."""

def _system_files_impl(ctx):
    for path in ctx.attr.paths:
        source = ctx.path(ctx.attr.root + "/" + path)
        if not source.exists:
            fail("%s is missing: install the Debian packages %s." % (source, ctx.attr.debian_package))
        ctx.symlink(source, path)
    ctx.symlink(ctx.attr.build_file, "BUILD")

system_files = repository_rule(
    implementation = _system_files_impl,
    doc = "Links `paths` under `root` into a repository and puts `build_file` on top.",
    local = True,
    attrs = {
        "root": attr.string(mandatory = True),
        "paths": attr.string_list(mandatory = True),
        "build_file": attr.label(mandatory = True, allow_single_file = True),
        "debian_package": attr.string(mandatory = True, doc = "What to install, for the error message."),
    },
)
