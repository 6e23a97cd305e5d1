import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject } from '../../parsers/compose/compose.ts'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import { withoutComments } from '../../parsers/shell/without-comments.ts'
import type { Source } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isMakefile, readMakefile } from '../../src/deployment/setups/make-recipes.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { runsOnlyWebServer } from './_runs-only.ts'
import { scriptAt } from './_started-words.ts'

/** Commands that write files of an image, or what they make of its sources, to where they are served from. */
const FILLS =
  /\b(?:cp|mv|rm|rsync|install|tar|ln|unzip|collectstatic|compress|assets|build|generate|make|git|supervisord|webpack|vite|call_command)\b/

/** True where what starts the container may write the files anew. */
export function fillsAtStart(container: Container): boolean {
  return container.image === null || startFills(container)
}

function startFills(container: Container): boolean {
  const { service, image } = container
  const given = [service.entrypoint, service.command].flatMap(each => each?.words ?? [])
  const own = [image?.entrypoint, image?.command].flatMap(each => each ?? [])
  const words = [...given, ...own.flatMap(each => (each.form === 'exec' ? each.words : [each.script]))]
  return words.some(word => {
    if (FILLS.test(word.text)) return true
    const isPython = /^[\w.-]+\.py$/.test(word.text)
    const script = scriptAt(container, isPython ? { text: `./${word.text}` } : word)
    return script === null ? /\.(?:sh|bash)\b/.test(word.text) : FILLS.test(script.source.code)
  })
}

/**
 * True where something else than the start of its own container may bring newer files into a volume: another container
 * that has it, a command that a script of the repository runs in one, or the removal of the volume by a deploy.
 */
export function isRefilled(deployment: Deployment, container: Container, volume: string): boolean {
  const { project, hostFiles } = container
  const scripts = refillsOfScripts(deployment)
  if (scripts === null || isFilledByOther(deployment, container, volume)) return true
  return [...scripts, ...refillsOfPackage(hostFiles, homeOf(project))].some(
    ({ whole, isRun }) => !isRun || whole.includes(volume),
  )
}

const homeOf = ({ sources: [main] }: ComposeProject): string => posix.dirname(main?.path ?? '/')

/** True where another service fills the volume, or the same one in a file that is laid over this. */
function isFilledByOther(deployment: Deployment, { project, service }: Container, volume: string): boolean {
  const beside = containersByFile(deployment).get(project.sources[0]) ?? []
  return beside.some(other => {
    if (other.service.name === service.name) return other.project !== project && startFills(other)
    const mount = other.mounts.find(each => each.volume === volume)
    if (mount === undefined) return false
    const readOnly = other.service.volumes.find(({ at }) => at === mount.at)?.readOnly
    if ((readOnly?.known === true && readOnly.value) || runsOnlyWebServer(other)) return false
    const { command, entrypoint } = other.service
    // What an image does that is not here nobody knows, as long as it is not told.
    return startFills(other) || (other.image === null && command === null && entrypoint === null)
  })
}

const containersByFile = memo(({ machines }: Deployment) =>
  groupBy(
    machines.flatMap(({ container }) => container ?? []),
    ({ project }) => project.sources[0],
  ),
)

/** A command that brings newer files into some volume. */
interface Refill {
  readonly whole: string
  /** True for `docker run`, which has volumes of its own: those that it names. */
  readonly isRun: boolean
}

/** What scripts, Makefiles, workflows and playbooks do; null where nobody knows of all. */
const refillsOfScripts = memo((deployment: Deployment): readonly Refill[] | null => {
  const texts = deployment.setups()
  if (texts === null) return null
  const services = new Set(
    deployment.machines.flatMap(({ container }) => container?.projects ?? []).flatMap(each => each.sources),
  )
  return texts.flatMap(source => {
    const isOther = services.has(source) || /(?:^|\/)Dockerfile[^/]*$/.test(source.path)
    if (isOther || isOnHostedRunner(source)) return []
    return unitsOf(source).flatMap(unit => refillsOf(unit, texts))
  })
})

function refillsOfPackage(files: FileSystem, directory: string): readonly Refill[] {
  const manifest = sourceAt(files, posix.join(directory, 'package.json'))
  return manifest === null
    ? []
    : [...readPackageJson(manifest).scripts.values()].flatMap(each => refillsOf(each, []))
}

/** True for a workflow of GitHub that runs on machines of GitHub alone, whose volumes are gone after it. */
function isOnHostedRunner({ path, text }: Source): boolean {
  if (!path.includes('/.github/workflows/') || /\bssh\b|DOCKER_HOST|docker context|remote/i.test(text))
    return false
  const runners = [...text.matchAll(/^\s*runs-on:[ \t]*(.*)$/gm)].map(([, name = '']) => name)
  return runners.length > 0 && runners.every(name => /^["']?(?:ubuntu|macos|windows)-/.test(name))
}

/** What is run together: a script, or what make does for one target. */
function unitsOf(source: Source): readonly string[] {
  const units = isMakefile(source)
    ? readMakefile(source).recipes.map(({ lines }) => lines.map(({ text }) => text).join('\n'))
    : [source.text]
  return units.map(unit => withoutComments(unit.replaceAll(/\\\r?\n/g, ' ')))
}

/** A command that is run in a container; who runs it may be a variable, as `$(COMPOSE)`. */
const INSIDE =
  /(?:\b(?:docker|podman|nerdctl|compose|dc)\b[^\n]*?|^[\s@-]*\$[({]?\w+[)}]?\s+(?:-\S+\s+\S+\s+)*)\b(?:exec|run)\b(.*)/i
const RUN = /\b(?:docker|podman|nerdctl)\s+(?:container\s+)?run\b/
const COPIES_INTO = /\b(?:docker|podman|compose|nerdctl)\b[^\n]*?\bcp\b[^\n]*:/
const MODULE = /\b(?:docker|podman)_(?:container|compose)\w*:/
const REMOVES =
  /\bdown\b[^\n;&|]*\s(?:-\w*v\w*|--volumes)(?![\w-])|\bvolume\s+(?:rm|prune)\b|\bprune\b[^\n;&|]*\s--volumes\b|\bremove_volumes:\s*(?:true|yes)\b/
const STARTS = /\b(?:up|start|run)\b|\bstate:\s*present\b/

function refillsOf(unit: string, texts: readonly Source[]): readonly Refill[] {
  const all: Refill = { whole: unit, isRun: false }
  if (COPIES_INTO.test(unit) || (REMOVES.test(unit) && STARTS.test(unit))) return [all]
  const inside = segmentsOf(unit).flatMap(segment => {
    const [whole, command] = INSIDE.exec(segment) ?? []
    return whole === undefined || command === undefined ? [] : [{ whole, command }]
  })
  // The lines of a here-document are run there, too, and so may be what is given to a module.
  if ((inside.length > 0 || MODULE.test(unit)) && /\bcollectstatic\b/.test(unit)) return [all]
  return inside
    .filter(({ command }) => FILLS.test(withoutOptions(command)) || namesFilling(command, texts))
    .map(({ whole }) => ({ whole, isRun: RUN.test(whole) }))
}

/** Commands, each with what it has in quotes. */
const segmentsOf = (text: string): readonly string[] =>
  text.match(/(?:"[^"\n]*"|'[^'\n]*'|[^"'\n;&|])+/g) ?? []

/** `--rm` removes no file, and `>` writes one outside of the container. */
const withoutOptions = (command: string): string => command.replaceAll(/(?<=\s)--?[\w-]+|>\s*\S+/g, '')

/** True for a command that runs a script, unless it is one of the repository that fills nothing. */
function namesFilling(command: string, texts: readonly Source[]): boolean {
  return [...command.matchAll(/[\w./-]+\.(?:sh|bash)\b/g)].some(([path]) => {
    const name = posix.basename(path)
    const scripts = texts.filter(source => posix.basename(source.path) === name)
    return scripts.length === 0 || scripts.some(source => FILLS.test(withoutComments(source.text)))
  })
}
