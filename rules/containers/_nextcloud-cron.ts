import type { ComposeMount } from '../../parsers/compose/compose.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'

/** Where the image has Nextcloud, and its files where nothing says another place. */
const DIRECTORIES = ['/var/www/html', '/var/www/html/data'] as const

/**
 * A second container of the image that runs the background jobs of the first: what that installed and keeps is in the
 * volumes of the first.
 *
 * @see https://github.com/nextcloud/docker#running-this-image-with-docker-compose
 */
export function* cronWithoutNextcloud({ machines }: Deployment): Iterable<RuleFinding> {
  const containers = machines.flatMap(({ container }) =>
    container?.base === 'nextcloud' && container.service.complete ? [container] : [],
  )
  for (const cron of containers) {
    if (!runsJobs(cron) || cron.service.volumesFrom.length > 0) continue
    const others = containers.filter(each => each.project === cron.project && !runsJobs(each))
    const [application] = others
    if (application === undefined || others.length > 1) continue
    for (const directory of DIRECTORIES) {
      const kept = mountAt(application, directory)
      if (kept === null || hasSame(cron, directory, kept)) continue
      const { name, at } = cron.service
      yield {
        at,
        message:
          directory === DIRECTORIES[0]
            ? `\`${application.service.name}\` has Nextcloud in what it mounts at \`${directory}\`, and \`${name}\` does not mount that: it finds no \`cron.php\`, and no background job runs`
            : `\`${application.service.name}\` keeps its files in what it mounts at \`${directory}\`, and \`${name}\` does not mount that: its jobs find an empty data directory`,
        label: 'without the volume',
        related: [{ at: kept.at, message: 'mounted here' }],
        help: 'Mount the same volumes in both',
      }
      break
    }
  }
}

function runsJobs({ service }: Container): boolean {
  const words = [...(service.entrypoint?.words ?? []), ...(service.command?.words ?? [])]
  return /(?:^|[\s/])cron\.(?:sh|php)\b/.test(words.map(({ text }) => text).join(' '))
}

function mountAt({ service }: Container, directory: string): ComposeMount | null {
  return service.volumes.find(({ target }) => target.known && cleanPath(target.value) === directory) ?? null
}

/** True also where nobody knows. */
function hasSame(cron: Container, directory: string, { source }: ComposeMount): boolean {
  if (cron.service.volumes.some(({ target }) => !target.known)) return true
  const own = mountAt(cron, directory)
  if (own === null) return false
  return source?.known !== true || own.source?.known !== true || source.value === own.source.value
}
