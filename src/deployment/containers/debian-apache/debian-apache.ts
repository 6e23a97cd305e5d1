import { posix } from 'node:path'
import { memo } from '../../../../parsers/collections/memo.ts'
import { commandText } from '../../../../parsers/dockerfile/command-text.ts'
import { isBelow, overlap } from '../../../../parsers/text/is-below.ts'
import type { Source } from '../../../../parsers/text/source.ts'
import type { FileSystem } from '../../../files/file-system.ts'
import type { ApacheEnvironment } from '../../../servers/apache/environment.ts'
import { type Fact, known, unknown } from '../../../servers/fact.ts'
import type { Container, ContainerMount } from '../container.ts'
import { isForeignMount } from '../foreign-mount.ts'
import { serviceVariables } from '../service-variables.ts'
import { endOfStart } from '../end-of-start.ts'
import { takeSteps } from '../image-files/build-steps.ts'
import { type Build, emptyTree, type ImageTree, withTree } from '../image-files/image-tree.ts'
import { takesScript } from '../image-files/takes-script.ts'
import { APACHE_HOME, enableModule } from './apache-home.ts'
import { BY_DEFAULT } from './modules.ts'
import { DOCKER_PHP_CONF, HOME, loadOf, stockTexts } from './stock-files.ts'

/** Apache as Debian packages it, in a container of which every file is known that it reads. */
export interface DebianApache {
  readonly tree: ImageTree
  /** Those of the container, with what the package and the steps of the image put below `/etc/apache2`. */
  readonly files: FileSystem
  /** The main file of the package; null where the repository brings another one. */
  readonly main: Source | null
  /** The files that it includes, by their paths in the container. */
  readonly included: readonly string[]
  readonly environment: ApacheEnvironment
}

/** Null for every other container, and where nobody knows what is in it. */
export const debianApache = memo((container: Container): DebianApache | null => {
  const kind = kindOf(container)
  if (kind === null || !isKnown(container)) return null
  const build = takeSteps(packaged(kind, container), APACHE_HOME, container)
  if (build === null || !startsPlainly(kind, container, build)) return null
  const { files: inside, sources } = withTree(
    container.files,
    build.tree,
    APACHE_HOME,
    `image of ${container.base}`,
  )
  const files: FileSystem = { ...inside, covers: path => isBelow(path, HOME) }
  const mainPath = posix.join(HOME, 'apache2.conf')
  return {
    tree: build.tree,
    files,
    main: container.files.kind(mainPath) === null ? (sources.get(mainPath) ?? null) : null,
    included: includedIn(files),
    environment: environmentOf(container),
  }
})

/** What the main file of the package includes, in its order. */
function includedIn(files: FileSystem): readonly string[] {
  const inDirectory = (directory: string, ending: string): readonly string[] =>
    (files.list(posix.join(HOME, directory)) ?? []).flatMap(({ name, kind }) =>
      kind === 'file' && name.endsWith(ending) ? [posix.join(HOME, directory, name)] : [],
    )
  return [
    ...inDirectory('mods-enabled', '.load'),
    ...inDirectory('mods-enabled', '.conf'),
    posix.join(HOME, 'ports.conf'),
    ...inDirectory('conf-enabled', '.conf'),
    ...inDirectory('sites-enabled', '.conf'),
  ]
}

/** An image whose Apache is that of Debian, and how it is started. */
interface Kind {
  /** Of PHP 5 and 7, whose modules are called by it; empty for the others and where PHP is not the image's. */
  readonly php: string | null
  /** A command with which Apache reads its own main file. */
  readonly starts: RegExp
}

/** The image of PHP with Apache, of which the tag tells the release. */
const OF_PHP = /^php:(?:(\d+)\S*-)?apache/
const BY_ITS_IMAGE = /^(?:docker-php-entrypoint )?apache2-foreground$/

/** Images of Debian or Ubuntu, into which a step installs the package. */
const OF_DEBIAN = /^(?:debian|ubuntu|buildpack-deps|python|node|php|ruby)(?::|$)/
const INSTALLS = /\bapt(?:-get)?\b[^;&|]*\binstall\b[^;&|]*\s(?:apache2|libapache2-mod-[\w.-]+)(?=[\s=;&|]|$)/
const BY_ITS_SCRIPT =
  /^(?:exec )?(?:\/usr\/sbin\/)?apache(?:2ctl|ctl) (?:-e \w+ )?-D ?FOREGROUND(?: -e \w+)?$|^service apache2 start && tail -[fF] [\w./-]+$/

function kindOf({ reference, image }: Container): Kind | null {
  const php = OF_PHP.exec(reference ?? '')
  if (php !== null) return { php: /^[57]$/.test(php[1] ?? '') ? php[1]! : '', starts: BY_ITS_IMAGE }
  if (!OF_DEBIAN.test(reference ?? '') || /alpine/.test(reference ?? '')) return null
  const isInstalled = (image?.steps ?? []).some(
    step => 'command' in step && INSTALLS.test(commandText(step.command)),
  )
  return isInstalled ? { php: null, starts: BY_ITS_SCRIPT } : null
}

/** The files of Apache before any step of the image. */
function packaged({ php }: Kind, { files }: Container): ImageTree {
  const tree = emptyTree(stockTexts())
  const { texts, links } = tree
  for (const name of [php === null ? 'mpm_event' : 'mpm_prefork', ...BY_DEFAULT])
    enableModule({ tree, files }, name)
  if (php !== null) {
    texts.set('mods-available/php.load', loadOf(`php${php}_module`, `libphp${php}.so`))
    enableModule({ tree, files }, 'php')
    texts.set('conf-available/docker-php.conf', DOCKER_PHP_CONF)
  }
  for (const path of texts.keys())
    if (path.startsWith('conf-available/')) links.set(path.replace('available', 'enabled'), path)
  links.set('sites-enabled/000-default.conf', 'sites-available/000-default.conf')
  return tree
}

/** True where nothing but the image's own start and the repository's files decide what Apache reads. */
function isKnown(container: Container): boolean {
  const { service, isAlone, image, mounts } = container
  if ((!service.complete && !isAlone) || service.volumesFrom.length > 0) return false
  if (service.build !== null && image === null) return false
  const isRead = ({ target }: ContainerMount): boolean =>
    overlap(target, HOME) || /^\/usr\/(?:local\/bin\/(?:apache2|docker-php)|sbin\/apache)/.test(target)
  return !mounts.some(mount => isRead(mount) && isForeignMount(container, mount))
}

/** True where the container starts Apache as the image does, also behind a script of which all is known that it does. */
function startsPlainly({ php, starts }: Kind, container: Container, build: Build): boolean {
  const { service, image } = container
  if (service.entrypoint === null && image?.entrypoint == null) {
    if (service.command === null && image?.command == null) return php !== null
    if (starts.test(commandOf(container))) return true
  }
  const end = endOfStart(container)
  if (end === null) return false
  const command = end.words.join(' ')
  if (end.script === null) return starts.test(command)
  const before = end.script.before.replaceAll(SOURCES_ENVVARS, '')
  if (CHANGES_ELSE.test(before)) return false
  if (!takesScript(build, container, end.script)) return false
  return starts.test(command) || (before !== end.script.before && BY_ITS_PROGRAM.test(command))
}

function commandOf({ service, image }: Container): string {
  if (service.command === null) return image?.command == null ? '' : commandText(image.command).trim()
  return service.command.rest === null ? service.command.words.map(({ text }) => text).join(' ') : ''
}

/** What the program needs to be started by itself. */
const SOURCES_ENVVARS = /(?:^|\n)[ \t]*(?:\.|source)[ \t]+\/etc\/apache2\/envvars[ \t]*(?=[\n;]|$)/g
const BY_ITS_PROGRAM = /^(?:\/usr\/sbin\/)?apache2 -D ?(?:FOREGROUND|NO_DETACH)$/

/** What a script may change of what Apache reads, besides the files that have a name. */
const CHANGES_ELSE = /\$\{?APACHE_(?:CONFDIR|ENVVARS)|\.htaccess/

/** What `apache2-foreground` has from `envvars` and from the container. */
function environmentOf({ image, service, hostFiles, isAlone }: Container): ApacheEnvironment {
  const variables = new Map<string, Fact<string>>(
    Object.entries(ENVVARS).map(([name, value]) => [name, known(value)]),
  )
  for (const name of OF_IMAGE) variables.set(name, unknown('the image sets it'))
  const given = serviceVariables(service, hostFiles)
  for (const { name, value, at } of image?.environment ?? [])
    variables.set(name, value.known ? known(value.value, at) : unknown(value.reason, at))
  for (const { name, value } of given.variables)
    variables.set(name, value?.known ? known(value.value) : unknown('whoever starts the container sets it'))
  return { variables, complete: given.complete && !isAlone, defines: new Map([['FOREGROUND', null]]) }
}

const ENVVARS: Readonly<Record<string, string>> = {
  APACHE_CONFDIR: HOME,
  APACHE_ENVVARS: `${HOME}/envvars`,
  APACHE_RUN_USER: 'www-data',
  APACHE_RUN_GROUP: 'www-data',
  APACHE_PID_FILE: '/var/run/apache2/apache2.pid',
  APACHE_RUN_DIR: '/var/run/apache2',
  APACHE_LOCK_DIR: '/var/lock/apache2',
  APACHE_LOG_DIR: '/var/log/apache2',
  LANG: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

const OF_IMAGE = (
  'HOME HOSTNAME PWD SHLVL _ PHP_INI_DIR PHP_VERSION PHP_URL PHP_ASC_URL PHP_SHA256 PHP_CFLAGS PHP_CPPFLAGS ' +
  'PHP_LDFLAGS PHPIZE_DEPS GPG_KEYS'
).split(' ')
