import type { ComposeProject, ComposeService, PublishedPort } from '../../parsers/compose/compose.ts'
import { conf } from '../../src/engine/conf.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isMakefile } from '../../src/deployment/setups/make-recipes.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { networkContains, parseIp, parseNetwork } from '../../src/servers/addresses/ip.ts'
import { projectsIn } from './_compose-projects.ts'
import { composeWith, siteTo } from './_examples.ts'
import { isForSwarm } from './_swarm.ts'

const tree = (parts: Parameters<typeof composeWith>[0]): Record<string, string> => ({
  'docker-compose.yml': composeWith(parts),
  'nginx/site.conf': siteTo('web:8000'),
})
const fixed = (address: string, subnet: string, more = ''): Record<string, string> =>
  tree({
    web: conf`
      networks:
        back:
          ipv4_address: ${address}
    `,
    nginx: conf`
      networks:
        back:
          ${more === '' ? 'aliases: [front]' : more}
    `,
    more: conf`
      networks:
        back:
          ipam:
            config:
              - subnet: ${subnet}
    `,
  })

/** Another service, which publishes a port beside nginx. */
const beside = (port: string): Record<string, string> =>
  tree({
    nginx: '',
    more: conf`
        admin:
          image: adminer:4
          ports:
            - ${port}
      volumes:
        unused:
    `,
  })

export default defineRule({
  summary: 'Docker cannot give a container the port or the address that it asks for',
  severity: 'warning',
  otherSeverities: { error: 'where the address is none of its network' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A port of the host leads to one container: of two services that publish the same one, `docker compose up` starts one, and of the other it says `port is already allocated`. So it is with two containers of one service, and with an `ipv4_address` that another one has. An address outside of the `subnet` of its network is refused: `no configured subnet contains IP address`.',
  remedy: 'Give each service a port and an address of its own, within the `subnet` of the network',
  references: [
    'https://docs.docker.com/reference/compose-file/services/#ports',
    'https://docs.docker.com/reference/compose-file/services/#ipv4_address-ipv6_address',
    'https://docs.docker.com/reference/compose-file/networks/#ipam',
  ],
  unproven: 'The live tests start no containers, and Docker alone gives out these ports and addresses',
  bad: [
    {
      title: 'two of one image, for both of which a third one waits',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              ports: ["8000:8000"]
            api:
              build: .
              ports: ["«8000:8000»"]
            proxy:
              image: nginx:1.27
              ports: ["80:80"]
              depends_on: [web, api]
        `,
      },
    },
    { title: 'a port that nginx has', files: beside('"«80:8080»"') },
    {
      title: 'two containers of one script',
      files: {
        'deploy.sh': conf`
          docker run -d --name web -p 80:80 nginx:1.27
          docker run -d --name phpmyadmin -p «80:80» registry.example.org/tables:5
        `,
      },
    },
    { title: 'the same, on one address of the host', files: beside('"«127.0.0.1:80:8080»"') },
    {
      title: 'three containers for one port',
      files: tree({
        web: conf`
          ports: ["«8000:8000»"]
          deploy:
            replicas: 3
        `,
      }),
    },
    {
      title: 'a service that is started again by its name',
      files: {
        ...beside('"«80:8080»"'),
        'README.md': 'After a change of its site: `docker compose up -d --force-recreate nginx`.\n',
      },
    },
    { title: 'an address of another network', files: fixed('«172.20.0.10»', '172.21.0.0/16') },
    {
      title: 'one address for two services',
      files: fixed('172.21.0.10', '172.21.0.0/16', 'ipv4_address: «172.21.0.10»'),
    },
  ],
  good: [
    {
      title: 'two scripts, and two targets of make: one or the other is run',
      files: {
        'web.sh': 'docker run -d --name web -p 80:80 nginx:1.27\n',
        'tables.sh': 'docker run -d --name phpmyadmin -p 80:80 registry.example.org/tables:5\n',
        'make/Makefile':
          'run:\n\tdocker run -d --name web -p 80:80 nginx\ntables:\n\tdocker run -d --name adm -p 80:80 registry.example.org/a\n',
      },
    },
    {
      title: 'two of one image, of which people start one',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              ports: ["8000:8000"]
            api:
              build: .
              ports: ["8000:8000"]
        `,
      },
    },
    {
      title: 'a service of an editor, which starts it in place of another',
      files: {
        '.devcontainer/docker-compose.yml': conf`
          services:
            web:
              image: example/desk
              ports: ["3000:3000"]
        `,
        'docker-compose.yml': conf`
          services:
            web:
              image: example/web
              ports: ["8000:8000"]
            node:
              image: node:22
              ports: ["3000:3000"]
        `,
      },
    },
    { title: 'two ports', files: tree({ web: 'ports: ["8000:8000", "127.0.0.1:8001:8000"]' }) },
    { title: 'a port of each protocol', files: beside('"80:8080/udp"') },
    {
      title: 'two addresses of the host',
      files: tree({ web: 'ports: ["127.0.0.1:81:8000", "192.0.2.1:81:8000"]' }),
    },
    {
      title: 'a service that starts where it is asked for',
      files: tree({
        web: conf`
          profiles: [debug]
          ports: ["80:8000"]
        `,
      }),
    },
    {
      title: 'a service in the place of another',
      files: tree({
        more: conf`
            nginx-dev:
              image: nginx:1.27
              ports: ["80:80"]
          volumes:
            unused:
        `,
      }),
    },
    {
      title: 'two servers to choose from',
      files: {
        ...tree({}),
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
            nginx:
              image: nginx:1.27
              ports: ["80:80", "443:443"]
              volumes: ["./nginx/site.conf:/etc/nginx/conf.d/default.conf:ro"]
            apache:
              build: ./apache
              ports: ["80:80", "443:443"]
        `,
      },
    },
    {
      title: 'services of which the README starts some',
      files: {
        ...beside('"80:8080"'),
        'README.md': 'Start the shop with `docker compose up -d web nginx`, and its tables with `admin`.\n',
      },
    },
    {
      title: 'a range for several containers',
      files: tree({
        web: conf`
          ports: ["8000-8003:8000"]
          deploy:
            replicas: 3
        `,
      }),
    },
    { title: 'an address of its network', files: fixed('172.21.0.10', '172.21.0.0/16') },
    { title: 'a subnet of the environment', files: fixed('172.21.0.10', '"${SUBNET}"') },
  ],
  *check(deployment) {
    for (const project of projectsIn(deployment)) {
      if (!project.complete || project.sources.some(isForSwarm)) continue
      yield* portsTaken(project, deployment)
      yield* addressesTaken(project)
    }
  },
})

/** No site has more services. */
const MOST = 15

interface Claim {
  readonly service: ComposeService
  readonly port: PublishedPort
  readonly first: number
  readonly last: number
  readonly protocol: string
  /** Null for every address of the host. */
  readonly address: string | null
}

function claimsOf(service: ComposeService): readonly Claim[] {
  return service.ports.flatMap(port => {
    const { published, protocol, hostIp } = port
    if (published?.known !== true || !protocol.known || hostIp?.known === false) return []
    const address = hostIp === null || /^(?:0\.0\.0\.0|::)$/.test(hostIp.value) ? null : hostIp.value
    return [{ service, port, ...published.value, protocol: protocol.value.toLowerCase(), address }]
  })
}

function* portsTaken({ services, startedBy }: ComposeProject, deployment: Deployment): Iterable<RuleFinding> {
  // Of a collection people start by name what they want.
  if (services.size > MOST) return
  const byPort = new Map<number, Claim[]>()
  for (const service of services.values()) {
    if (!service.complete || service.profiles.length > 0) continue
    const { replicas, networkMode } = service
    if (networkMode !== null) continue
    for (const claim of claimsOf(service)) {
      const number = replicas?.known === true && /^\d+$/.test(replicas.value) ? Number(replicas.value) : null
      if (number === 0) continue
      if (number !== null && number > 1 && claim.first === claim.last)
        yield {
          at: claim.port.at,
          message: `${number} containers are to have port ${claim.first} of the host, and one gets it: port is already allocated`,
          label: 'for one container',
          related: replicas?.at == null ? [] : [{ at: replicas.at, message: 'so many containers' }],
          help: 'Leave the port of the host out, and publish a proxy in front of them',
        }
      // Ranges are for several containers, which take what is free.
      if (claim.first !== claim.last) continue
      const all = byPort.get(claim.first)
      if (all === undefined) byPort.set(claim.first, [claim])
      else all.push(claim)
    }
  }
  for (const [port, claims] of byPort) {
    const [first, second, ...more] = claims
    // Of many services with one port, people start the one that they want.
    if (first === undefined || second === undefined || more.length > 0) continue
    if (first.service === second.service || first.protocol !== second.protocol) continue
    if (first.address !== null && second.address !== null && first.address !== second.address) continue
    // Of several scripts, targets of make and roles one or the other is run.
    if (
      startedBy !== 'compose' &&
      (first.port.at.source !== second.port.at.source || isMakefile(first.port.at.source))
    )
      continue
    if (!areTogether(first.service, second.service, services)) {
      if (areAlternatives(first.service, second.service)) continue
      if (areFronts(first.service, second.service) || isMenu(deployment, first.service, second.service))
        continue
    }
    // An editor starts what its own file asks for, and the rest of the project not.
    if ([first, second].some(({ port: { at } }) => at.source.path.includes('/.devcontainer/'))) continue
    yield {
      at: second.port.at,
      message: `\`${first.service.name}\` publishes port ${port} as well, and one of the two is not started: port is already allocated`,
      label: 'taken',
      related: [{ at: first.port.at, message: `\`${first.service.name}\` publishes it` }],
    }
  }
}

/** True where one of two services waits for the other, or a third for both: whoever starts that one starts both. */
function areTogether(a: ComposeService, b: ComposeService, services: ComposeProject['services']): boolean {
  const needed = ({ dependsOn }: ComposeService): ReadonlySet<string> =>
    new Set(dependsOn.flatMap(({ service, required }) => (required && service.known ? [service.value] : [])))
  if (needed(a).has(b.name) || needed(b).has(a.name)) return true
  return [...services.values()].some(each => needed(each).has(a.name) && needed(each).has(b.name))
}

/** True of services of which people start one or the other. */
function areAlternatives(a: ComposeService, b: ComposeService): boolean {
  const image = ({ image: written, build }: ComposeService): string | null =>
    build !== null
      ? `build ${build.context.known ? build.context.value : ''}`
      : written?.known === true
        ? written.value.replace(/[:@].*$/, '')
        : null
  if (image(a) === null || image(b) === null || image(a) === image(b)) return true
  const [one, other] = [a.name.toLowerCase(), b.name.toLowerCase()]
  return (
    one.includes(other) ||
    other.includes(one) ||
    [one, other].some(name =>
      /dev|prod|test|debug|local|stag|demo|example|alt|legacy|old|new|_?v?\d$/.test(name),
    )
  )
}

const FRONT = /nginx|openresty|apache|httpd|caddy|traefik|haproxy|envoy/

/** True of two servers of different kinds for the same ports of the web, of which a project offers the choice. */
function areFronts(a: ComposeService, b: ComposeService): boolean {
  const kinds = [a, b].map(({ name, image }) => {
    const text = `${name} ${image?.known === true ? image.value : ''}`.toLowerCase()
    return FRONT.exec(text)?.[0].replace('httpd', 'apache') ?? null
  })
  const ports = [a, b].map(service => new Set(claimsOf(service).map(({ first }) => first)))
  return (
    !kinds.includes(null) &&
    kinds[0] !== kinds[1] &&
    [80, 443].every(port => ports.every(own => own.has(port)))
  )
}

const UP = /\bdocker[- ]compose\b[^\n]*?\bup\b([^\n`;&|]*)/g

/** True where the repository starts some of its services by their names, and one of the two among them. */
function isMenu(deployment: Deployment, a: ComposeService, b: ComposeService): boolean {
  return toldTexts(deployment).some(({ text }) =>
    [...text.matchAll(UP)].some(([, words = '']) => {
      const names = words.split(/[\s"']+/).filter(word => /^\w[\w-]*$/.test(word))
      return names.length > 1 && names.includes(a.name) !== names.includes(b.name)
    }),
  )
}

function* addressesTaken({ services, networks }: ComposeProject): Iterable<RuleFinding> {
  const taken = new Map<string, ComposeService>()
  for (const service of services.values()) {
    if (!service.complete || service.profiles.length > 0) continue
    for (const { network, address } of service.networks ?? []) {
      if (!network.known || address?.known !== true || address.at === null) continue
      const own = networks.get(network.value)
      const ip = parseIp(address.value)
      if (own === undefined || own.external || ip === null) continue
      const subnets = own.subnets.map(each => (each.known ? parseNetwork(each.value) : null))
      const isOutside =
        subnets.length > 0 && subnets.every(each => each !== null && !networkContains(each, ip))
      if (isOutside) {
        yield {
          at: address.at,
          severity: 'error',
          message: `the network \`${network.value}\` does not hold this address, and Docker refuses it: no configured subnet contains IP address ${address.value}`,
          label: 'of another network',
          related: own.subnets.flatMap(({ at }) => (at === null ? [] : [{ at, message: 'its addresses' }])),
        }
        continue
      }
      const key = `${network.value} ${address.value}`
      const other = taken.get(key)
      if (other === undefined) taken.set(key, service)
      else if (!areAlternatives(other, service))
        yield {
          at: address.at,
          message: `\`${other.name}\` has this address as well, and one of the two is not started: Address already in use`,
          label: 'taken',
          related: [{ at: other.at, message: 'has it' }],
        }
    }
  }
}
