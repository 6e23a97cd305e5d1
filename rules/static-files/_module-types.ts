import type { Place } from '../../parsers/text/source.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { mayHoldUnread } from '../../src/servers/nginx/queries/scope.ts'
import { typesOfExtension } from './_media-types.ts'

/** How nginx sends a file of which no table in force knows the extension. */
export interface SentUntyped {
  readonly type: string
  /** False where the table was not read: then it is taken to be the one that comes with nginx. */
  readonly isSure: boolean
  /** Where the table in force names scripts; null where that is nginx's own, which is not here. */
  readonly scripts: Place | null
}

/** How modules are sent that a block answers; null where a table gives them their type, or may. */
export function modulesUntyped(
  deployment: Deployment,
  configuration: NginxConfiguration,
  scope: NginxDirective,
): SentUntyped | null {
  const type = effective(configuration, scope, 'default_type')
  const tables = effective(configuration, scope, 'types')
  const isRead = tables.known && tables.value.complete
  const directives = tables.known ? tables.value.directives : []
  if (directives.some(({ source }) => source.template)) return null
  if (typesOfExtension(directives, 'mjs').length > 0) return null
  const scripts = typesOfExtension(directives, 'js').at(-1)?.at ?? null
  // A table without scripts is a fault of its own.
  if (isRead && scripts === null) return null
  const ownTable = isRead ? null : ownTableOf(deployment, configuration)
  if (!isRead && ownTable === null) return null
  // What the main file of the image sets, and those of all packages.
  const fallback = type.known
    ? (type.value.directives.at(-1)?.args[0]?.value ?? 'text/plain')
    : 'application/octet-stream'
  if (/javascript/.test(fallback) || (!type.known && isRead)) return null
  return { type: fallback, isSure: isRead || ownTable === 'of image', scripts }
}

/**
 * Whose table a configuration includes that is not here: `mime.types` of nginx's own image, or some package's. Null
 * where something else may set types. No release of nginx up to 1.31 has `mjs` in its table, and some packages have.
 *
 * @see https://github.com/nginx/nginx/blob/master/conf/mime.types
 */
function ownTableOf(
  { programOf }: Deployment,
  configuration: NginxConfiguration,
): 'of image' | 'of package' | null {
  const { main, stockMain, occurrences } = configuration
  if (main === null && stockMain !== true) return 'of package'
  if (mayHoldUnread(configuration)) return null
  const isIncluded = (occurrences.get('include') ?? []).some(({ args }) =>
    /^(?:\/etc\/nginx\/)?mime\.types$/.test(args[0]?.value ?? ''),
  )
  if (!isIncluded && stockMain !== true) return null
  const { container } = programOf(configuration).machine
  return container !== null && isNginxImage(container.base) ? 'of image' : 'of package'
}
