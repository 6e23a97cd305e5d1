import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import { commandText } from '../../../../parsers/dockerfile/command-text.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import { commandsOfContainer } from '../../build/programs/app-commands.ts'
import type { Container, ContainerMount } from '../container.ts'
import { type EndOfStart, endOfStart } from '../end-of-start.ts'
import { isForeignMount } from '../foreign-mount.ts'
import { takeSteps } from '../image-files/build-steps.ts'
import { type Build, emptyTree, type ImageTree, withTree } from '../image-files/image-tree.ts'
import { takesScript } from '../image-files/takes-script.ts'
import { NGINX_HOME } from './nginx-home.ts'
import { OF_ALPINE, OF_DEBIAN, type PackageFiles } from './stock-files.ts'

/** nginx as Debian or Alpine packages it, in a container of which every file is known that it reads. */
export interface PackagedNginx {
  readonly tree: ImageTree
  /** Those of the container, with what the package and the steps of the image put below `/etc/nginx`. */
  readonly files: FileSystem
  /** The main file of the package; null where the repository brings another one. */
  readonly main: Source | null
  readonly mainPath: string
  /** The files that it includes into `http`, by their paths in the container. */
  readonly included: readonly string[]
  /** True where supervisord starts it, beside other programs. */
  readonly isSupervised: boolean
}

/** Null for every other container, and where nobody knows what is in it. */
export const packagedNginx = memo((container: Container): PackagedNginx | null => {
  const brought = packageOf(container)
  if (brought === null || !isKnown(container)) return null
  const tree = emptyTree(Object.entries(brought.texts))
  for (const [from, to] of Object.entries(brought.links)) tree.links.set(from, to)
  const build = takeSteps(tree, NGINX_HOME, container)
  if (build === null || !startsPlainly(container, build)) return null
  const { directory } = NGINX_HOME
  const { files, sources } = withTree(container.files, tree, NGINX_HOME, `image of ${container.base}`)
  // Of Alpine, what stands in `conf.d` is read outside of `http`.
  if (brought === OF_ALPINE && (files.list(posix.join(directory, 'conf.d')) ?? []).length > 0) return null
  const mainPath = posix.join(directory, 'nginx.conf')
  return {
    tree,
    files,
    main: container.files.kind(mainPath) === null ? (sources.get(mainPath) ?? null) : null,
    mainPath,
    isSupervised: isSupervisord(endOfStart(container)),
    included: brought.sites.flatMap(([name, ending]) => {
      const home = posix.join(directory, name)
      return (files.list(home) ?? []).flatMap(entry =>
        entry.kind === 'file' && entry.name.endsWith(ending) && !entry.name.startsWith('.')
          ? [posix.join(home, entry.name)]
          : [],
      )
    }),
  }
})

/** Images of Debian or Ubuntu, and those that are made of Alpine where their tag says so. */
const OF_LANGUAGE = /^(?:buildpack-deps|python|node|php|ruby|golang|perl)(?::|$)/
const DEBIAN = /^(?:debian|ubuntu)(?::|$)/
const INSTALLS_OF_DEBIAN =
  /\bapt(?:-get)?\b[^;&|]*\binstall\b[^;&|]*\snginx(?:-(?:core|full|light|extras))?(?=[\s=;&|]|$)/
const INSTALLS_OF_ALPINE = /\bapk\b[^;&|]*\badd\b[^;&|]*\snginx(?=[\s=;&|]|$)/
/** Packages of others have other files. */
const OF_OTHERS =
  /nginx\.org|ppa:|\b(?:add-apt-repository|openresty|sury\.org)\b|\bmake\b|sources\.list|angie|freenginx/

function packageOf({ reference, image }: Container): PackageFiles | null {
  if (image === null || reference === null) return null
  const isOfLanguage = OF_LANGUAGE.test(reference)
  const alpine = /\balpine:?(\d+\.\d+)?/.exec(reference)
  const isAlpine = alpine !== null && (isOfLanguage || reference.startsWith('alpine'))
  // The first with sites in `http.d`.
  if (isAlpine && alpine[1] !== undefined && Number(alpine[1].split('.')[1]) < 14) return null
  if (!isAlpine && !isOfLanguage && !DEBIAN.test(reference)) return null
  const commands = image.steps.flatMap(step => ('command' in step ? [commandText(step.command)] : []))
  const installs = isAlpine ? INSTALLS_OF_ALPINE : INSTALLS_OF_DEBIAN
  if (!commands.some(command => installs.test(command)) || commands.some(command => OF_OTHERS.test(command)))
    return null
  return isAlpine ? OF_ALPINE : OF_DEBIAN
}

/** True where nothing but the image's own start and the repository's files decide what nginx reads. */
function isKnown(container: Container): boolean {
  const { service, isAlone, mounts } = container
  if ((!service.complete && !isAlone) || service.volumesFrom.length > 0) return false
  const isRead = ({ target }: ContainerMount): boolean =>
    overlap(target, NGINX_HOME.directory) || isBelow(target, '/usr/sbin/nginx')
  return !mounts.some(mount => isRead(mount) && isForeignMount(container, mount))
}

const TELLS_ANOTHER = /\s-[cpe]\b|\/etc\/nginx/

/** True where nginx is started with its own main file, also behind a script of which all is known that it does. */
function startsPlainly(container: Container, build: Build): boolean {
  const { image, service } = container
  const { command } = image ?? {}
  if (
    command?.form === 'shell' &&
    service.command === null &&
    (service.entrypoint ?? image?.entrypoint ?? null) === null &&
    /^(?:service nginx start|\/etc\/init\.d\/nginx start)\s*&&\s*(?:tail -[fF] [\w./-]+|(?:ba)?sh)$/.test(
      command.script.text.trim(),
    )
  )
    return true
  const end = endOfStart(container)
  if (end === null) return false
  const [program = '', ...options] = end.words
  if (isSupervisord(end)) {
    if (!isAmongPrograms(container)) return false
  } else if (!/^(?:\/usr\/sbin\/)?nginx$/.test(program) || TELLS_ANOTHER.test(` ${options.join(' ')}`))
    return false
  return end.script === null || takesScript(build, container, end.script)
}

function isSupervisord(end: EndOfStart | null): boolean {
  return end !== null && posix.basename(end.words[0] ?? '') === 'supervisord'
}

/** True where supervisord starts nginx as it is, and nothing that may change its files. */
function isAmongPrograms(container: Container): boolean {
  const commands = commandsOfContainer(container).map(({ command: { words } }) =>
    words.map(({ text }) => text).join(' '),
  )
  const started = commands.filter(command => /^(?:\/usr\/sbin\/)?nginx(?= |$)/.test(command))
  return (
    started.length === 1 &&
    !started.some(command => TELLS_ANOTHER.test(command)) &&
    !commands.some(command => NGINX_HOME.mentions.test(command))
  )
}
