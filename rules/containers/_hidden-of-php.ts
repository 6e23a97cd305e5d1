import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { filesBelow, sourceAt } from '../../src/files/file-system.ts'
import { buildSteps } from './_started-words.ts'

const SCANNED = '/usr/local/etc/php/conf.d'
const POOLS = '/usr/local/etc/php-fpm.d'

/** What directories of the host hide of the image of PHP that it does not work without. */
export function* hiddenOfPhp(container: Container): Iterable<RuleFinding> {
  if (container.mounts.every(({ target }) => !target.startsWith('/usr/local/etc/php'))) return
  yield* extensionsLost(container)
  yield* poolsLost(container)
}

/** The texts of the files of a directory that stands at a place; null where they are not all known. */
function textsAt({ mounts, hostFiles }: Container, place: string): Hiding | null {
  const mount = mounts.find(({ target }) => isBelow(place, cleanPath(target)))
  if (mount?.path == null || mount.from !== 'volumes' || hostFiles.kind(mount.path) !== 'directory')
    return null
  // One that stands above all of them is no mount of settings, and what lies in it nobody can tell.
  if (!/^\/usr\/local\/etc\/php/.test(mount.target)) return null
  const directory = posix.join(mount.path, posix.relative(cleanPath(mount.target), place))
  const inside = mounts.filter(({ target }) => isBelow(target, place) && target !== place)
  const paths = [
    ...filesBelow(hostFiles, directory, { levels: 0, skipped: /^$/ }),
    ...inside.map(({ path }) => path),
  ]
  const texts = paths.map(path => (path === null ? null : (sourceAt(hostFiles, path)?.text ?? null)))
  return texts.some(text => text === null) ? null : { mount, texts: texts.map(text => text ?? '') }
}

interface Hiding {
  readonly mount: ContainerMount
  readonly texts: readonly string[]
}

/** `docker-php-ext-install` writes a file for each extension, which turns it on. */
function* extensionsLost(container: Container): Iterable<RuleFinding> {
  const steps = buildSteps(container)
  const told = [
    ...steps,
    ...(container.image?.environment ?? []).map(({ name }) => name),
    ...givenVariables(container.service).map(({ name }) => name),
  ]
  if (told.some(text => text.includes('PHP_INI_SCAN_DIR'))) return
  const hiding = textsAt(container, SCANNED)
  if (hiding === null) return
  const installed = steps.flatMap(text =>
    [...text.replace(/\\\r?\n/g, ' ').matchAll(/docker-php-ext-(?:install|enable)\s+([^;&|\n]+)/g)].flatMap(
      ([, words = '']) => words.split(/\s+/).filter(word => /^[a-z]\w*$/.test(word)),
    ),
  )
  const lost = [...new Set(installed)].filter(name =>
    hiding.texts.every(text => !new RegExp(`^\\s*(?:zend_)?extension\\s*=.*\\b${name}\\b`, 'm').test(text)),
  )
  const [first] = lost
  if (first === undefined) return
  yield {
    at: hiding.mount.at,
    message: `this hides \`${SCANNED}/docker-php-ext-${first}.ini\` of the image, so PHP does not load ${listed(lost)}`,
    label: 'hides what turns extensions on',
    related: container.image === null ? [] : [{ at: container.image.stage.at, message: 'the image' }],
    help: `Mount each file by itself, as \`${SCANNED}/NAME.ini\``,
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4).map(name => `\`${name}\``)
  return `${shown.join(', ')}${names.length > shown.length ? ' and others' : ''}`
}

/** `zz-docker.conf` of the image has `daemonize = no` and the pool’s `listen`. */
function* poolsLost(container: Container): Iterable<RuleFinding> {
  const { image, service, mounts } = container
  const hiding = textsAt(container, POOLS)
  if (hiding === null || mounts.some(({ target }) => target === '/usr/local/etc/php-fpm.conf')) return
  const started = [
    ...[service.entrypoint, service.command].flatMap(each => each?.words.map(({ text }) => text) ?? []),
    ...[image?.entrypoint, image?.command].flatMap(each => (each == null ? [] : commandText(each))),
  ].join(' ')
  // Only what starts PHP-FPM as the image does is known to read these files, and to stay or not.
  if (
    !/^(?:docker-php-entrypoint )?(?:php-fpm)?$/.test(started.trim()) ||
    !/fpm/.test(container.reference ?? '')
  )
    return
  if (buildSteps(container).some(text => /php-fpm\.(?:conf|d)/.test(text))) return
  const all = hiding.texts.join('\n')
  const hasPool = /^\s*\[(?!global\])[^\]]+\]/m.test(all)
  if (hasPool && /^\s*daemonize\s*=/m.test(all)) return
  yield {
    at: hiding.mount.at,
    message: hasPool
      ? 'this hides `zz-docker.conf` of the image, which has `daemonize = no`: PHP-FPM goes into the background, and the container ends'
      : 'this hides the pool of the image, and no file here has one: PHP-FPM ends with No pool defined. at least one pool section must be specified in config file',
    label: 'hides what the image has',
    related: [],
    help: `Mount each file by itself, as \`${POOLS}/zz-NAME.conf\``,
  }
}
