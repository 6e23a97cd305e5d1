import { posix } from 'node:path'
import { memo } from '../../parsers/collections/memo.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { matchedPlace, type Place } from '../../parsers/text/source.ts'
import type { Deployment, NginxConnection, NginxServer } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'

/** Nextcloud as a server of nginx answers with it. */
export interface ServedNextcloud {
  /** The path below which it is served, without the slash at its end. */
  readonly path: string
  /** Its major release; null where nothing says it. */
  readonly release: number | null
  /** What says so; null where the locations alone tell. */
  readonly at: Place | null
}

/** Of a tag without a number, such as `fpm` or `stable-fpm`, which is one of the newest. */
const NEWEST = Infinity

/** Null for any other application; for ownCloud, whose files are called alike, the release stays 10. */
export function nextcloudOf(deployment: Deployment, server: NginxServer): ServedNextcloud | null {
  const connections = phpConnections(deployment).get(server.directive) ?? []
  const locations = locationsOf(server)
  // The `.htaccess` of Nextcloud closes these to clients, so that every configuration for nginx names them.
  const closed = locations.find(line => /\b3rdparty\b/.test(readLocation(line).name))
  if (connections.length === 0 || closed === undefined) return null
  const path = /^\^?(\/[\w-]+)\/\(/.exec(readLocation(closed).name)?.[1] ?? ''
  for (const connection of connections) {
    const found = ofContainer(connection) ?? ofFiles(connection, path)
    if (found !== undefined) return { path, ...found }
  }
  return /nextcloud/i.test(path) || isNamed(server, locations) ? { path, release: null, at: null } : null
}

const phpConnections = memo(({ connections }: Deployment) =>
  groupBy(
    connections.nginx.filter(({ pass }) => pass.name === 'fastcgi_pass'),
    ({ server }) => server.directive,
  ),
)

function locationsOf({ directive }: NginxServer): readonly NginxDirective[] {
  return childrenNamed(directive, 'location').flatMap(line => [line, ...childrenNamed(line, 'location')])
}

type Release = Pick<ServedNextcloud, 'release' | 'at'>

/** The official image says the release in its tag. */
function ofContainer({ targets }: NginxConnection): Release | undefined {
  for (const { machine } of targets) {
    const container = machine?.container ?? null
    if (container?.base !== 'nextcloud') continue
    const { image, at } = container.service
    const tag = /:(\w[\w.-]*)/.exec(container.reference ?? '')?.[1] ?? ''
    const [major] = /^\d+/.exec(tag) ?? []
    return { release: major === undefined ? NEWEST : Number(major), at: image?.at ?? at }
  }
  return undefined
}

/** Undefined where its files are not in the audit. */
function ofFiles({ from, server }: NginxConnection, path: string): Release | undefined {
  const root = childrenNamed(server.directive, 'root').at(-1)?.args[0]?.value
  if (root === undefined || isComputed(root)) return undefined
  const { files } = from.machine
  const home = posix.join(root, path)
  return (
    releaseIn(files, posix.join(home, 'version.php'), /\$OC_Version\s*=\s*(?:array\s*\(|\[)\s*(\d+)/) ??
    releaseIn(files, posix.join(home, 'config/config.php'), /['"]version['"]\s*=>\s*['"](\d+)\.[\d.]+['"]/)
  )
}

function releaseIn(files: FileSystem, path: string, pattern: RegExp): Release | undefined {
  const source = sourceAt(files, path)
  const match = source === null ? null : pattern.exec(source.code)
  if (source === null || match === null) return undefined
  return {
    release: Number(match[1]),
    at: matchedPlace(source, match),
  }
}

/** True where a name of the server, its root or its files says so, or a location is there for what Nextcloud alone has. */
function isNamed({ directive, names }: NginxServer, locations: readonly NginxDirective[]): boolean {
  return (
    /nextcloud/i.test(directive.source.path) ||
    names.some(({ name }) => /nextcloud/i.test(name)) ||
    childrenNamed(directive, 'root').some(({ args }) => /nextcloud/i.test(args[0]?.value ?? '')) ||
    locations.some(line =>
      childrenNamed(line, 'rewrite').some(({ args }) => /richdocumentscode/.test(args[0]?.value ?? '')),
    )
  )
}

/** The location that is there for scripts and not for modules, to which Nextcloud's own documentation added them. */
export function locationOfScripts(server: NginxServer): Place | null {
  const line = locationsOf(server).find(each => {
    const { modifier, name } = readLocation(each)
    return modifier.startsWith('~') && /\bjs\b/.test(name) && !/\bmjs\b/.test(name)
  })
  return line === undefined ? null : argumentPlace(line, line.args.length - 1)
}
