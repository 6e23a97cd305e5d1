import { posix } from 'node:path'
import type { FpmFiles } from '../../parsers/php/fpm.ts'
import { readFpm } from '../../parsers/php/read-fpm.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { fpmSources } from '../../src/deployment/build/programs/php-fpm.ts'
import type { Machine } from '../../src/deployment/model.ts'
import { inRun } from '../_in-run.ts'

const NO_FILES: FpmFiles = { read: () => null, list: () => null }

/** The sockets of pools of PHP-FPM in a directory below `/run`, whatever the name of the socket is in a template. */
export function poolSockets({
  files,
  container,
}: Machine): readonly { readonly directory: string; readonly at: Place }[] {
  if (container !== null) return []
  const pools = fpmSources(files).flatMap(source => readFpm([source], NO_FILES).pools)
  return pools.flatMap(({ listen }) => {
    if (listen === null) return []
    const [, directory] = /^((?:\/var)?\/run(?:\/[\w.@-]+)+)\/[^/]+$/.exec(placeText(listen.at)) ?? []
    return directory === undefined ? [] : [{ directory: posix.normalize(inRun(directory)), at: listen.at }]
  })
}
