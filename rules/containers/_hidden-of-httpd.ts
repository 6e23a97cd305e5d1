import { posix } from 'node:path'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'

const HOME = '/usr/local/apache2'
const CONF = `${HOME}/conf`

/** Files of the image in its own directory, which configurations name. */
const OF_IMAGE = /^\/usr\/local\/apache2\/conf\/(?:mime\.types|extra\/[\w-]+\.conf)$/

/** What a directory over `conf` hides of the image of Apache that its configuration asks for. */
export function* hiddenOfHttpd(
  { mounts, hostFiles }: Container,
  { occurrences, unread = [], modules }: ApacheConfiguration,
): Iterable<RuleFinding> {
  const mount = mounts.find(({ target, from }) => cleanPath(target) === CONF && from === 'volumes')
  if (mount?.path == null || hostFiles.kind(mount.path) !== 'directory') return
  const home = mount.path
  const isHidden = (path: string): boolean =>
    OF_IMAGE.test(path) &&
    hostFiles.kind(posix.join(home, posix.relative(CONF, path))) === null &&
    !mounts.some(({ target }) => cleanPath(target) === path)
  const found = (at: Place, path: string, said: string): RuleFinding => ({
    at,
    message: `the mount over \`${CONF}\` hides \`${path}\` of the image, so Apache does not start: ${said} ${path}`,
    label: 'hidden',
    related: [{ at: mount.at, message: 'mounted here' }],
  })
  for (const { path, at, optional } of unread)
    if (!optional && isHidden(path)) yield found(at, path, 'Could not open configuration file')
  for (const line of occurrences.get('typesconfig') ?? []) {
    const written = line.args[0]?.value ?? ''
    const path = posix.resolve(HOME, written)
    if (/^[\w./-]+$/.test(written) && isHidden(path))
      yield found(argumentPlace(line, 0), path, 'AH01597: could not open mime types config file')
  }
  // mod_mime opens its own without a line that names it.
  const types = `${CONF}/mime.types`
  const loaded = modules.get('mime_module')?.at ?? null
  if (loaded !== null && !occurrences.has('typesconfig') && isHidden(types))
    yield found(loaded, types, 'AH01597: could not open mime types config file')
}
