import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConfiguration } from '../servers/apache/configuration.ts'
import type { NginxConfiguration } from '../servers/nginx/configuration.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import type { Deployment } from './model.ts'

type Configuration = NginxConfiguration | ApacheConfiguration

/**
 * The line that is to be shown for one that lies in the image of a container: where what is at a path comes into it,
 * else where the image is named. Null for a server that runs in no container.
 *
 * @param path in the container
 */
export function imagePlace(
  { machines }: Deployment,
  configuration: Configuration,
  path: string | null = null,
): Place | null {
  const container = machines.find(({ programs }) =>
    programs.some(program => 'configuration' in program && program.configuration === configuration),
  )?.container
  if (container == null) return null
  const { image, service, mounts } = container
  const brought = path === null ? undefined : mounts.find(({ target }) => isBelow(cleanPath(path), target))
  return brought?.at ?? image?.stage.at ?? service.image?.at ?? null
}
