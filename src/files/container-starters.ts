import { TESTS_DIRECTORY } from './test-directories.ts'

/** So much of a file is looked through for a command that starts a container. */
const BEGINNING = 65_536

/** Quadlets, units of Podman. */
export const QUADLET = /\.container(?:\.(?:j2|erb|tmpl|tpl))?$/

/** Of a script that is a template nobody knows the words. */
const NAME =
  /\.(?:sh|bash|ya?ml)$|\.service(?:\.(?:j2|erb|tmpl|tpl))?$|(?:^|\/)(?:Vagrantfile|(?:GNU)?[Mm]akefile|[Jj]ustfile)$|(?:^|\/)(?:bin|scripts?|deploy)\/[\w-]+$|(?:^|\/)[a-z_-]*(?:deploy|install|setup|start|run|up)[\w-]*$/

/** What is told to people, what tests start, and what a program of somebody else brings. */
const OTHERS = new RegExp(
  [
    `/(?:${TESTS_DIRECTORY}|testdata|e2e|fixtures?|bench(?:marks?)?|vendor|node_modules|docs?|documentation|examples?|samples?)/`,
    String.raw`/(?:testing[\w-]*|molecule|devel|playpen|contrib|ci)/|/(?:bitbucket|azure)-pipelines[^/]*$`,
    // What is hidden, such as .github and .travis.yml, belongs to tools.
    String.raw`/\.`,
    String.raw`(?:^|[/._-])(?:tests?|smoke|ci|bench|benchmark|e2e|lint|demo)[._-][^/]*$|[._-](?:tests?|ci|e2e|demo)(?:\.\w+)*$`,
    String.raw`\.(?:dist|example|sample)$`,
  ].join('|'),
  'i',
)

const COMMAND = /\b(?:docker|podman|nerdctl)\b[^\n]*?[ \t](?:run|create|build)\b/
const TASK = /^[ \t-]*(?:[\w.]+\.)?(?:docker|podman)_(?:container|image(?:_build)?)[ \t]*:/m
const RUN = String.raw`\b(?:docker|podman|nerdctl)(?:[ \t]+container)?[ \t]+(?:run|create)(?=[ \t])(?:[^\n\\]|\\[\s\S])*?`
/** What runs in the background, is made to be started, or is kept by a unit. */
const STARTS = new RegExp(
  [
    String.raw`${RUN}[ \t](?:-[itPq]*d|--detach)`,
    String.raw`${RUN.replace('(?:run|create)', 'create')}[ \t]--name`,
    String.raw`^ExecStart[ \t]*=[^\n]*?${RUN}`,
    String.raw`^[ \t-]*(?:[\w.]+\.)?(?:docker|podman)_container[ \t]*:`,
  ].join('|'),
  'm',
)

/**
 * The texts that may start containers without a compose file, by `docker run`, a task of Ansible or a Quadlet, and those
 * that build images for them; none where none of them starts one.
 *
 * @param within the directory whose names say what a file is, and not those of the directories above it
 * @param peek the beginning of a file; null where it cannot be read
 */
export function containerStartersAmong(
  paths: readonly string[],
  within: (path: string) => string,
  peek: (path: string, bytes: number) => string | null,
): readonly string[] {
  let starts = false
  const found = paths.filter(path => {
    const name = within(path)
    const isQuadlet = QUADLET.test(name)
    if ((!isQuadlet && !NAME.test(name)) || OTHERS.test(name)) return false
    const beginning = peek(path, BEGINNING) ?? ''
    if (isQuadlet) {
      const hasImage = /^Image[ \t]*=/m.test(beginning)
      starts ||= hasImage
      return hasImage
    }
    if (!COMMAND.test(beginning) && !(YAML.test(name) && TASK.test(beginning))) return false
    starts ||= STARTS.test(beginning)
    return true
  })
  return starts ? found : []
}

const YAML = /\.ya?ml(?:\.\w+)?$/
