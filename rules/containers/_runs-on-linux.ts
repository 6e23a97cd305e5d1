import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject } from '../../parsers/compose/compose.ts'
import { matchedPlace, type Place, placeText, type Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isScript } from '../../src/deployment/setups/setup-commands.ts'

/**
 * The text by which a compose project is one of a server, where Docker Engine runs on Linux, and not of somebody’s
 * desktop; null where nothing shows it.
 */
export function showsLinux(project: ComposeProject, deployment: Deployment): Place | null {
  return ofServer(project) ?? linuxSetup(deployment)
}

/** Files of a server alone: Docker Desktop shares no such directories of a Mac, and Windows has none. */
const OF_LINUX = /^["']?\/(?:etc\/(?:letsencrypt|nginx|ssl|pki)|srv|opt|var\/(?:www|log))(?:[/:]|$)/

const ofServer = memo(({ services, sources }: ComposeProject): Place | null => {
  const named = sources.find(({ path }) => /(?:prod|production|staging|live)[.\w-]*\.ya?ml$/.test(path))
  for (const { volumes, image, environment } of services.values()) {
    const mount = volumes.find(
      ({ at, kind, target }) =>
        (kind === 'bind' && OF_LINUX.test(placeText(at))) ||
        (target.known && target.value === '/etc/letsencrypt'),
    )
    if (mount !== undefined) return mount.at
    const variable = environment.find(({ name }) => name === 'LETSENCRYPT_HOST')
    if (variable !== undefined) return variable.at
    if (image?.known === true && image.at !== null && /^certbot\//.test(image.value)) return image.at
    if (named !== undefined && image?.at?.source === named) return image.at
  }
  const [first] = services.values()
  return named === undefined || first === undefined ? null : first.at
})

/** A unit of systemd for Docker, and what brings containers to a server. */
const linuxSetup = memo((deployment: Deployment): Place | null => {
  for (const source of deployment.setups() ?? []) {
    if (!/docker/i.test(source.text)) continue
    const at = /\.service(?:\.\w+)?$/.test(source.path)
      ? placeOfFirst(source, /docker\.service|(?<==)\S*docker\b/)
      : REMOTE.test(source.text) || (isScript(source) && INSTALLS.test(source.text))
        ? placeOfFirst(source, /\bdocker[- ]compose\b[^\n]*\bup\b/)
        : null
    if (at !== null) return at
  }
  return null
})

const REMOTE = /\bssh-action@|\bssh\s[^\n]*\w@[\w$]/
const INSTALLS = /\bsystemctl\b|\b(?:apt|apt-get|dnf|yum)\b[^\n]*\binstall\b/

function placeOfFirst(source: Source, pattern: RegExp): Place | null {
  const match = pattern.exec(source.text)
  return match === null ? null : matchedPlace(source, match)
}
