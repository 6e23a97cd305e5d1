import type { ComposeService, ComposeVariable } from '../../parsers/compose/compose.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type Network, networksOf } from './_networks.ts'
import { besideTraefik, everyTraefik, isSwitchedOff } from './_traefik.ts'
import { httpLabels } from './_traefik-labels.ts'

const RULE = 'traefik.http.routers.web.rule=Host(`example.org`)'
const NETWORKS = 'networks:\n  back:\n'

/** Traefik and a site in projects of their own, which meet on a network that is there before. */
const twoProjects = (
  networks: string,
  label = '',
  { options = '', edge = 'external: true' } = {},
): Record<string, string> => ({
  'traefik/docker-compose.yml': conf`
    services:
      traefik:
        image: traefik:v3.2
        command:
          - --providers.docker=true
          - --providers.docker.exposedbydefault=false
          - --entrypoints.web.address=:80
          ${options}
        ports: ["80:80"]
        volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
        networks: [edge]
    networks:
      edge:
        external: true
  `,
  'shop/docker-compose.yml': conf`
    services:
      web:
        image: nginx:1.27
        networks: ${networks}
        labels:
          - traefik.enable=true
          - ${RULE}
          ${label}
    networks:
      edge:
        ${edge}
      back:
  `,
})

export default defineRule({
  summary: 'A container that Traefik is to reach shares no network with it',
  severity: 'error',
  otherSeverities: {
    warning: 'where it is on a network of Traefik, and on others, of which Traefik takes any',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Traefik takes the address of a container from Docker, that of a network it is not on as well. It connects to it in vain, and clients get 504 Gateway Timeout after half a minute. Of a container on several networks it takes the address that comes first, and that is another one each time.',
  remedy:
    'Put both on one network, and name it in `traefik.docker.network` where the container is on several',
  references: [
    'https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/',
    'https://docs.docker.com/compose/how-tos/networking/',
  ],
  unproven: 'The live tests have neither Docker nor Traefik',
  bad: [
    {
      title: 'a network of its own',
      files: besideTraefik([RULE], { web: 'networks: [«back»]', more: NETWORKS }),
    },
    {
      title: 'the default network, and Traefik on another one',
      files: {
        'docker-compose.yml': conf`
          services:
            traefik:
              image: traefik:v3.1
              command:
                - --providers.docker=true
                - --providers.docker.network=edge
                - --entrypoints.web.address=:80
                - --certificatesresolvers.le.acme.email=\${MAIL}
              ports: ["80:80"]
              volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
              networks: [edge]
            «web»:
              image: nginx:1.27
              labels:
                - ${RULE}
          networks:
            edge:
              name: edge
        `,
      },
    },
    {
      title: 'two networks, one of which is not for Traefik',
      files: besideTraefik([RULE], { web: 'networks: [default, «back»]', more: NETWORKS }),
    },
    { title: 'Traefik of another project', files: twoProjects('[edge, «back»]') },
    {
      title: 'Traefik of another project is told of another network',
      files: twoProjects('[edge, «back»]', '', { options: '- --providers.docker.network=proxy' }),
    },
    {
      title: 'the network that Traefik is not on',
      files: twoProjects('[edge, back]', '- «traefik.docker.network=shop_back»'),
    },
    {
      title: 'a network that the container is not on',
      files: twoProjects('[edge, back]', '- «traefik.docker.network=web»'),
    },
  ],
  good: [
    {
      title: 'a label in another project',
      files: twoProjects('[edge, back]', '- traefik.docker.network=edge'),
    },
    {
      title: 'Traefik of another project is told of the network',
      files: twoProjects('[edge, back]', '', { options: '- --providers.docker.network=edge' }),
    },
    { title: 'the only network', files: twoProjects('[edge]', '- traefik.docker.network=web') },
    {
      title: 'Traefik of another project, with which no network is shared',
      files: twoProjects('[edge, back]', '', { edge: 'driver: bridge' }),
    },
    {
      title: 'a file of Traefik that names the network',
      files: {
        ...besideTraefik([RULE], { web: 'networks: [default, back]', more: NETWORKS }),
        'docker-compose.yml': besideTraefik([RULE], { web: 'networks: [default, back]', more: NETWORKS })
          ['docker-compose.yml']!.replace(/ {4}command:\n(?: {6}- .*\n)+/, '')
          .replace('.sock:ro"]', '.sock:ro", "./traefik.yml:/etc/traefik/traefik.yml:ro"]'),
        'traefik.yml': conf`
          providers:
            docker:
              network: shop_default
        `,
      },
    },
    { title: 'the default network', files: besideTraefik([RULE]) },
    {
      title: 'a network more, and Traefik is told which one',
      files: besideTraefik([RULE, 'traefik.docker.network=shop_default'], {
        web: 'networks: [default, back]',
        more: NETWORKS,
      }),
    },
    {
      title: 'Traefik is told for all containers',
      files: besideTraefik([RULE], {
        options: ['--providers.docker.network=shop_default'],
        web: 'networks: [default, back]',
        more: NETWORKS,
      }),
    },
    {
      title: 'Traefik is on both',
      files: Object.fromEntries(
        Object.entries(besideTraefik([RULE], { web: 'networks: [default, back]', more: NETWORKS })).map(
          ([path, text]) => [
            path,
            text.replace('image: traefik:v3.1', 'image: traefik:v3.1\n    networks: [default, back]'),
          ],
        ),
      ),
    },
    {
      title: 'not for Traefik',
      files: besideTraefik(['traefik.enable=false', RULE], { web: 'networks: [back]', more: NETWORKS }),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || !isRouted(container)) continue
      // Without `networks` it is on the one that Compose makes, and nowhere else.
      const [first] = container.service.networks ?? (container.project.legacy ? [] : [container.service])
      if (first === undefined) continue
      const traefik = traefikBeside(container)
      if (traefik === null || traefik.service.networkMode !== null) continue
      const ways = new Set(networksOf(traefik).map(({ id }) => id))
      const own = networksOf(container)
      if (ways.has(null) || own.some(({ id }) => id === null)) continue
      const { name } = container.service
      const related = [
        { at: (traefik.service.networks?.[0] ?? traefik.service).at, message: 'Traefik is here' },
      ]
      const other = own.findIndex(({ id }) => !ways.has(id))
      if (!own.some(({ id }) => ways.has(id))) {
        if (traefik.project === container.project)
          yield {
            at: first.at,
            message: `Traefik is not on the network of \`${name}\`, and connects to it in vain: 504 Gateway Timeout`,
            label: 'without Traefik',
            related,
          }
        continue
      }
      const told = other === -1 ? null : networkTold(container, traefik)
      if (told === null) continue
      const { label } = told
      const meant = told.network === null ? undefined : own.find(each => isCalled(each, told.network))
      if (meant !== undefined && (ways.has(meant.id) || label === null)) continue
      const at = container.service.networks?.[other]?.at ?? first.at
      // A key in place of the name is told of elsewhere.
      if (label !== null && meant === undefined && own.some(({ key }) => key === told.network)) continue
      yield meant !== undefined && label !== null
        ? {
            at: label.at,
            message: `Traefik is not on this network of \`${name}\`, and connects to it in vain: 504 Gateway Timeout`,
            label: 'without Traefik',
            related,
          }
        : {
            at: label?.at ?? at,
            severity: 'warning' as const,
            message: `${label === null ? '' : `\`${name}\` is on no network of this name, so `}Traefik takes the address of any network of \`${name}\`, and is not on ${label === null ? 'this one' : 'all of them'}: 504 Gateway Timeout now and then`,
            label: label === null ? 'without Traefik' : 'the container is not on it',
            related: [
              ...related,
              label === null
                ? {
                    at: firstLabel(container.service) ?? at,
                    message: 'among these labels none says `traefik.docker.network`',
                  }
                : { at, message: 'without Traefik' },
            ],
            help: 'Write the name of their common network into the label `traefik.docker.network`',
          }
    }
  },
})

/**
 * The Traefik that a container is meant for: the one of its project, or, where its project has none, the only one of
 * the repository, if they share a network that has a name.
 */
function traefikBeside(container: Container): Container | null {
  const { project } = container
  const all = everyTraefik(container)
  const own = all.filter(each => each.project === project)
  const [found, another] = own.length > 0 ? own : all
  if (found === undefined || another !== undefined || !isReadable(found)) return null
  if (own.length > 0) return found
  const names = new Set(networksOf(found).map(({ id }) => id))
  return networksOf(container).some(({ id }) => id !== null && names.has(id)) ? found : null
}

/** True where all that tells Traefik of networks is read: its command, its variables and its file. */
function isReadable({ service, hostFiles, mounts }: Container): boolean {
  if (!service.complete || service.entrypoint !== null || service.command?.rest != null) return false
  const words = service.command?.words.map(({ text }) => text) ?? []
  return (
    serviceVariables(service, hostFiles).complete &&
    // Of other options the value may be a variable, as the address for certificates is.
    !words.some(
      word =>
        (isUnknownWord(word) && !/^--(?:certificatesresolvers|entrypoints)\.[\w.-]+=/i.test(word)) ||
        /^--(?:configfile|providers\.(?:swarm|docker\.swarmmode))\b/i.test(word),
    ) &&
    mounts.every(
      ({ target, path }) =>
        !OF_CONFIGURATION.test(target) || (path !== null && sourceAt(hostFiles, path) !== null),
    ) &&
    !service.volumes.some(({ target }) => !target.known || /^\/(?:etc(?:\/traefik)?\/?)?$/.test(target.value))
  )
}

const OF_CONFIGURATION = /^\/(?:etc\/traefik\/)?traefik\.(?:ya?ml|toml)$/

interface Told {
  /** As Docker calls it; null where nothing is told. */
  readonly network: string | null
  readonly label: ComposeVariable | null
}

/** What tells Traefik by which network it reaches a container; null where that is not known. */
function networkTold(
  { service }: Container,
  { service: traefik, mounts, hostFiles }: Container,
): Told | null {
  const labels = service.labels.filter(({ name }) => /^traefik\.(?:docker|swarm)\./i.test(name))
  const [label] = labels
  if (label !== undefined) {
    const { name, value } = label
    if (labels.length > 1 || value?.known !== true || !/^traefik\.docker\.network$/i.test(name)) return null
    return /^[\w.-]+$/.test(value.value) ? { network: value.value, label } : null
  }
  const words = traefik.command?.words.map(({ text }) => text) ?? []
  const { variables } = serviceVariables(traefik, hostFiles)
  const files = mounts.flatMap(({ target, path }) =>
    path !== null && OF_CONFIGURATION.test(target) ? (sourceAt(hostFiles, path)?.text ?? []) : [],
  )
  const isElsewhere =
    variables.some(({ name }) => /^TRAEFIK_PROVIDERS_/i.test(name)) ||
    files.some(text => /^\s*"?(?:network|useBindPortIP|swarm\w*)"?\s*[:=]/im.test(text)) ||
    words.some(text => /^--providers\.docker\.usebindportip\b/i.test(text))
  if (isElsewhere) return null
  const option = words.find(text => /^--providers\.docker\.network\b/i.test(text))
  if (option === undefined) return { network: null, label: null }
  const [, network = ''] = option.split('=')
  return network === '' ? null : { network, label: null }
}

function isRouted({ service }: Container): boolean {
  return (
    !isSwitchedOff(service) &&
    service.complete &&
    service.networkMode === null &&
    httpLabels(service).some(({ path }) => path[1]?.toLowerCase() === 'routers')
  )
}

/** Where the labels that are meant for Traefik begin. */
function firstLabel({ labels }: ComposeService): Place | null {
  return labels.find(({ name }) => /^traefik\./i.test(name))?.at ?? null
}

/** True where Docker calls a network so; the name of a project may be any. */
function isCalled({ key, name }: Network, called: string | null): boolean {
  return called !== null && (name === null ? called.endsWith(`_${key}`) : name === called)
}
