import type { ComposeService } from '../../parsers/compose/compose.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'

/** A container of Traefik, version 2 or later, that is told by its command what it is to do. */
export interface Traefik {
  readonly container: Container
  /** The names of its entry points, in small letters. */
  readonly entryPoints: readonly string[]
  /** The names of what it gets certificates from, in small letters. */
  readonly resolvers: readonly string[]
  /** False where a container has to say that it wants to be reached. */
  readonly exposesAll: boolean
}

/** The Traefik that reads the labels of a container: of its own project; null where there is none, or another one too. */
export function traefikOf({ machines }: Deployment, { project }: Container): Traefik | null {
  const found = machines.flatMap(({ container }) =>
    container !== null && container.project === project && isTraefik(container) ? [container] : [],
  )
  const [container] = found
  return container === undefined || found.length > 1 ? null : readTraefik(container)
}

/** True for a container that is not to be reached. */
export function isSwitchedOff({ labels }: ComposeService): boolean {
  return labels.some(
    ({ name, value }) =>
      /^traefik\.enable$/i.test(name) && value?.known === true && !/^(?:true|1)$/i.test(value.value),
  )
}

/** True for an image of version 2 or later. */
export function isTraefik({ reference, service }: Container): boolean {
  return service.build === null && /^traefik(?::(?!v?1(?:\.|-|$))|$)/.test(reference ?? '')
}

function readTraefik(container: Container): Traefik | null {
  const { service, mounts } = container
  if (!service.complete || service.entrypoint !== null || service.command === null) return null
  // A file, where there is one, is all that Traefik reads.
  if (mounts.some(({ target }) => /^\/(?:etc(?:\/traefik(?:\/traefik\.\w+)?)?\/?)?$/.test(target)))
    return null
  const words = service.command.words.map(({ text }) => text)
  // Only what an option is set to may be left open.
  const isAll = words.every(word => {
    const [option = ''] = word.split('=')
    return /^(?:--|traefik$)/.test(option) && !isUnknownWord(option) && !option.includes('$')
  })
  if (!isAll || words.some(word => /^--(?:configfile|providers\.(?:swarm|docker\.swarmmode))\b/i.test(word)))
    return null
  return {
    container,
    // The last one is Traefik's own, for its dashboard.
    entryPoints: [...namesBelow(words, 'entrypoints'), 'traefik'],
    resolvers: namesBelow(words, 'certificatesresolvers'),
    exposesAll: !words.some(word => /^--providers\.docker\.exposedbydefault=(?:false|0)$/i.test(word)),
  }
}

/** The names that stand behind the beginning of an option: `web` of `--entrypoints.web.address=:80`. */
function namesBelow(words: readonly string[], option: string): readonly string[] {
  const pattern = new RegExp(`^--${option}\\.([^.=]+)`, 'i')
  return [...new Set(words.flatMap(word => pattern.exec(word)?.[1]?.toLowerCase() ?? []))]
}

/** Traefik beside a web service with these labels, for examples. */
export const besideTraefik = /* @__PURE__ */ (
  labels: readonly string[],
  { web = '', options = [], more = '' }: { web?: string; options?: readonly string[]; more?: string } = {},
): Record<string, string> => ({
  'docker-compose.yml': [
    'services:',
    '  traefik:',
    '    image: traefik:v3.1',
    '    command:',
    ...[
      '--providers.docker=true',
      '--entrypoints.web.address=:80',
      '--entrypoints.websecure.address=:443',
      '--certificatesresolvers.le.acme.tlschallenge=true',
      ...options,
    ].map(option => `      - ${option}`),
    '    ports: ["80:80", "443:443"]',
    '    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]',
    '  web:',
    '    image: nginx:1.27',
    ...(web === '' ? [] : [`    ${web}`]),
    '    labels:',
    ...labels.map(label => `      - ${label}`),
    more,
    '',
  ].join('\n'),
})
