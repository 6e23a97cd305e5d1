import { posix } from 'node:path'

/**
 * Where BuildKit looks for the file that a build names, in its order: where that is called `Dockerfile`, one called
 * `dockerfile` serves, too.
 */
export function dockerfilePaths(context: string, name: string | null): readonly string[] {
  const path = posix.resolve(context, name ?? 'Dockerfile')
  return posix.basename(path) === 'Dockerfile'
    ? [path, posix.join(posix.dirname(path), 'dockerfile')]
    : [path]
}
