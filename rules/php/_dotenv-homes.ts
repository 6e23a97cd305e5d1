import { posix } from 'node:path'
import type { DotenvReader } from '../../parsers/dotenv/faults-of-php.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { documentRoot } from './_script-directory.ts'

export interface Home {
  readonly files: FileSystem
  readonly home: string
  /** The container in which it runs; null where PHP-FPM of a machine does. */
  readonly container: Container | null
  /** The line that leads there. */
  readonly by: Place
}

/** Directories in which an application of PHP may have its files: above what nginx serves, and in containers of PHP. */
export function* homesOfPhp({ connections, machines }: Deployment): Iterable<Home> {
  for (const connection of connections.nginx) {
    if (connection.pass.name !== 'fastcgi_pass') continue
    const root = documentRoot(connection)
    if (root !== null)
      yield {
        files: connection.from.machine.files,
        home: posix.dirname(root),
        container: connection.from.machine.container,
        by: namePlace(connection.pass),
      }
  }
  for (const { container } of machines) {
    if (container === null || !/php|fpm|laravel|composer/.test(container.reference ?? '')) continue
    const { service, mounts, hostFiles } = container
    const context = service.build?.context
    if (context?.known === true && context.value.startsWith('/'))
      yield { files: hostFiles, home: context.value, container, by: service.at }
    for (const { path, target } of mounts)
      if (path !== null && /^\/(?:var\/www|app|srv)/.test(target))
        yield { files: hostFiles, home: path, container, by: service.at }
  }
}

/** The library that reads the `.env` of an application of PHP; null for another one, or none. */
export function dotenvReaderOf(files: FileSystem, home: string): DotenvReader | null {
  const text = sourceAt(files, posix.join(home, 'composer.json'))?.text ?? ''
  if (/"(?:laravel\/framework|laravel\/lumen-framework|vlucas\/phpdotenv)"/.test(text)) return 'phpdotenv'
  return /"symfony\/(?:dotenv|framework-bundle)"/.test(text) ? 'symfony' : null
}
