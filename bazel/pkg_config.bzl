"""Libraries of the system, found by pkg-config."""

def _ask(ctx, package, flag):
    result = ctx.execute(["pkg-config", flag, package])
    if result.return_code != 0:
        fail("pkg-config does not know %s: install the Debian package %s.\n%s" %
             (package, ctx.attr.debian_package, result.stderr))
    return [word for word in result.stdout.strip().split(" ") if word]

def _kept(ctx, flag):
    return not flag.startswith("-l") or not ctx.attr.keep_libraries or flag[2:] in ctx.attr.keep_libraries

def _pkg_config_library_impl(ctx):
    build = ""
    for name, package in ctx.attr.packages.items():
        build += "cc_library(name = %r, linkopts = %r, defines = %r, visibility = [\"//visibility:public\"])\n" % (
            name,
            [flag for flag in _ask(ctx, package, "--libs") if _kept(ctx, flag)],
            [flag[2:] for flag in _ask(ctx, package, "--cflags") if flag.startswith("-D")],
        )
    ctx.file("BUILD", build)

pkg_config_library = repository_rule(
    implementation = _pkg_config_library_impl,
    doc = "A repository with one cc_library for each entry of `packages`: target name to pkg-config package.",
    local = True,
    attrs = {
        "packages": attr.string_dict(mandatory = True),
        "keep_libraries": attr.string_list(doc = "Link only these of the libraries named; empty: all."),
        "debian_package": attr.string(mandatory = True, doc = "What to install, for the error message."),
    },
)
