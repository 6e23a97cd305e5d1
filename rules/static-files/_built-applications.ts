import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import type { DockerCopy, DockerRun } from '../../parsers/dockerfile/dockerfile.ts'
import { type DockerImage, imageOfStage } from '../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../parsers/dockerfile/read-dockerfile.ts'
import { readPackageJson } from '../../parsers/javascript/package-json.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Place } from '../../parsers/text/source.ts'
import { buildContext } from '../../src/deployment/containers/build-context.ts'
import type { ContainerMount } from '../../src/deployment/containers/container.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { copiesOf } from '../../src/deployment/containers/read-containers.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { filesBelow, type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { looseImages, type RunImage, runImages, startsNginxPlainly } from '../containers/_images.ts'
import { instructionWord } from '../containers/_instruction-word.ts'
import { type ApplicationBase, applicationBase, REACT_VARIABLES } from '../_application-base.ts'

/** What a project wrote for browsers, on the machine of a server. */
export interface BuiltApplication {
  readonly base: ApplicationBase
  /** Where it lies: one path, or several where it is brought twice. */
  readonly directories: readonly string[]
  /** What brings it. */
  readonly at: Place
}

/** The applications of each image of nginx whose content is surely what its Dockerfile and mounts say. */
export const applicationsOfImages = memo(
  (deployment: Deployment): ReadonlyMap<RunImage, readonly BuiltApplication[]> => {
    const found = new Map<RunImage, readonly BuiltApplication[]>()
    for (const run of [...runImages(deployment), ...looseImages(deployment)]) {
      const applications = isPlain(run) ? [...ofStages(run), ...ofMounts(run)] : []
      if (applications.length > 0) found.set(run, applications)
    }
    return found
  },
)

function isPlain({ base, image, fault, command, mounts }: RunImage): boolean {
  return (
    fault === null &&
    isNginxImage(base) &&
    startsNginxPlainly(command) &&
    (image?.steps.every(step => isCopy(step) || isHarmless(step)) ?? true) &&
    // A script there may change the pages, and what a volume has of them nobody knows.
    mounts.every(({ target, path }) => !target.startsWith('/docker-entrypoint') && path !== null)
  )
}

function* ofStages(run: RunImage): Iterable<BuiltApplication> {
  const copies = (run.image?.steps ?? []).filter(isCopy).filter(({ from }) => from !== null)
  const found = copies.map(copy => ({ copy, project: projectOf(run, copy) }))
  for (const { copy, project } of found) {
    if (project === null) continue
    const others = found.filter(each => each.copy.stage === copy.stage)
    // A part of the build may lie where the pages look for it.
    if (others.some(each => each.project?.directory !== project.directory)) continue
    if (others[0]?.copy !== copy) continue
    yield {
      base: project.base,
      directories: others.map(each => (each.copy.target.known ? cleanPath(each.copy.target.value) : '')),
      at: instructionWord(copy.at),
    }
  }
}

interface Project {
  readonly directory: string
  readonly base: ApplicationBase
}

/** The project whose whole build a line copies. */
function projectOf(run: RunImage, { stage, sources, target }: DockerCopy): Project | null {
  const [source] = sources
  if (stage === null || sources.length !== 1 || source?.known !== true || !target.known) return null
  const path = cleanPath(source.value.replace(/\/(?:\.|\*)$/, ''))
  const builder = imageOfStage({ stages: run.image!.stages }, String(stage))
  const home = builder?.workingDirectory?.known === true ? cleanPath(builder.workingDirectory.value) : null
  if (builder === null || home === null || home === path || !isBelow(path, home)) return null
  const script = scriptOf(builder)
  const directory = directoryOf(copiesOf(builder, contextOf(run), run.files), home, run.files)
  if (script === null || directory === null) return null
  const base = applicationBase(run.files, directory, script)
  if (base === null || !isOutput(base, posix.relative(home, path))) return null
  if (
    base.tool === 'Create React App' &&
    [...builder.environment, ...builder.stage.args].some(({ name }) => REACT_VARIABLES.test(name))
  )
    return null
  return { directory, base }
}

function isOutput({ tool, output }: ApplicationBase, path: string): boolean {
  return tool === 'Angular' ? isBelow(path, output) : path === output
}

function contextOf({ machine, image, files }: RunImage): string {
  const written = machine.container?.service.build?.context
  if (written?.known === true) return written.value
  const { source } = image!.stage.at
  return buildContext(readDockerfile(source), source.path, files) ?? posix.dirname(source.path)
}

/** Where the repository has the project that a stage has in a directory. */
function directoryOf(copies: readonly ContainerMount[], home: string, files: FileSystem): string | null {
  const around = copies.find(
    ({ path, target }) => path !== null && isBelow(home, target) && files.kind(path) === 'directory',
  )
  if (around?.path == null) return null
  const directory = posix.join(around.path, posix.relative(around.target, home))
  // One of several copies may bring another configuration than that of the project.
  const isOwn = copies.every(
    ({ path, target }) =>
      posix.dirname(target) !== home ||
      path === null ||
      path === posix.join(directory, posix.basename(target)),
  )
  return isOwn ? directory : null
}

const INSTALLS =
  /^(?:(?:npm|pnpm|yarn|bun)(?: (?:ci|i|install|config|cache|fetch|add|set)\b.*| --\S+)*|(?:corepack|apk|apt-get|mkdir|chown|chmod|ls|npx tsc|npx vue-tsc)\b.*|rm -r?f? ?\S*node_modules\S*|rm (?:-\w+ )?\/etc\/nginx\/\S+|(?:npm|pnpm|yarn|bun)(?: run)? (?:lint|test|type-?check)\b.*)$/

function partsOf({ command }: DockerRun): readonly string[] {
  return commandText(command)
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/&&|;|\n/)
    .map(part => part.trim().replace(/^(?:(?:CI|NODE_ENV|NODE_OPTIONS|GENERATE_SOURCEMAP)=\S+ +)+/, ''))
    .filter(part => part !== '')
}

/** True for a step that changes nothing of the pages of an image. */
function isHarmless(run: DockerRun): boolean {
  return run.documents.length === 0 && partsOf(run).every(isInstall)
}

function isInstall(part: string): boolean {
  return !/[<>|`$]/.test(part) && INSTALLS.test(part)
}

/** The one script with which a stage builds a project; null where it does more, or nobody knows what. */
function scriptOf(image: DockerImage): string | null {
  const others = image.steps
    .filter((step): step is DockerRun => !isCopy(step))
    .flatMap(run => (run.documents.length === 0 ? partsOf(run) : ['?']))
    .filter(part => !isInstall(part))
  const [, script] =
    /^(?:npm run|pnpm(?: run)?|yarn(?: run)?|bun run) ([\w:.-]+)$/.exec(others[0] ?? '') ?? []
  return others.length === 1 ? (script ?? null) : null
}

/** What a compose file mounts of a project in the repository, which is built there. */
function* ofMounts({ mounts, files }: RunImage): Iterable<BuiltApplication> {
  for (const { path, target, from, at } of mounts) {
    if (from !== 'volumes' || path === null) continue
    const base = builtBeside(files, path)
    if (base !== null) yield { base, directories: [cleanPath(target)], at }
  }
}

/** The base of the project beside which a directory `dist` or `build` lies. */
export function builtBeside(files: FileSystem, directory: string): ApplicationBase | null {
  const [, home] = /^(\/.+?)\/(?:dist|build)(?:\/[\w.-]+){0,2}$/.exec(directory) ?? []
  const manifest = home === undefined ? null : sourceAt(files, posix.join(home, 'package.json'))
  if (home === undefined || manifest === null) return null
  // Who builds it with other words, nobody knows.
  const { scripts } = readPackageJson(manifest)
  if ([...scripts].some(([name, text]) => name !== 'build' && GIVES_BASE.test(text))) return null
  const base = applicationBase(files, home)
  return base !== null &&
    isOutput(base, posix.relative(home, directory)) &&
    !mayBeGiven(files, home) &&
    isPageFor(base, files, directory)
    ? base
    : null
}

/** False for a start page that asks for its scripts elsewhere, and for a directory that has none. */
function isPageFor({ path }: ApplicationBase, files: FileSystem, directory: string): boolean {
  const page = sourceAt(files, posix.join(directory, 'index.html'))
  if (page === null) return (files.list(directory) ?? []).length === 0
  const urls = [...page.text.matchAll(/\b(?:src|href)=["']?([^"'\s>]+\.(?:m?js|css))\b/g)].map(
    ([, url]) => url,
  )
  return urls.length === 0 || urls.some(url => url?.startsWith(path) === true)
}

const GIVES_BASE = /--base\b|--base-href|--deploy-url|\bPUBLIC_URL\b|--public-path|--dest\b|--outDir/
const SCRIPTS = /\.(?:sh|bash|ya?ml)$|^(?:Makefile|Justfile|justfile|Dockerfile[\w.-]*)$|^\.env/

/** True where a script of the repository may build it for another base. */
function mayBeGiven(files: FileSystem, home: string): boolean {
  const homes = [home, posix.dirname(home), posix.join(home, '.github/workflows')]
  return [...homes, posix.join(posix.dirname(home), '.github/workflows')].some(directory =>
    [...filesBelow(files, directory, { levels: 0, skipped: /./ })].some(
      path =>
        SCRIPTS.test(posix.basename(path)) &&
        (GIVES_BASE.test(sourceAt(files, path)?.text ?? '') ||
          /\bsed\b.*index\.html/.test(sourceAt(files, path)?.text ?? '')),
    ),
  )
}

/** The servers of an image. */
export function serversOf(deployment: Deployment, run: RunImage): readonly NginxServer[] {
  const { machine, mounts, image, files } = run
  // A Dockerfile that lies beside its configuration may be built from a directory above both.
  const copies = image === null ? [] : copiesOf(image, contextOf(run), files)
  const paths = new Set([...mounts, ...copies].flatMap(({ path, target }) => [path, target]))
  return deployment.servers.filter(
    ({ configuration, directive }) =>
      (machine.container !== null && deployment.programOf(configuration).machine === machine) ||
      paths.has(directive.source.path) ||
      paths.has(posix.dirname(directive.source.path)),
  )
}

function isCopy(step: DockerCopy | DockerRun): step is DockerCopy {
  return 'sources' in step
}
