import { propose, replacePlace } from '../../src/deployment/edits.ts'
import type { Deployment, Machine, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isLoopback, parseHost } from '../../src/servers/address.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { serverPods } from '../../src/deployment/kubernetes/server-pods.ts'
import { composeWith } from './_examples.ts'
import { manifests } from './_kubernetes-examples.ts'
import { runsOnlyWebServer } from './_runs-only.ts'
import type { Container } from '../../src/deployment/containers/container.ts'

const site = (resolver: string, host = 'web:8000'): string => conf`
  server {
      listen 80;
      resolver ${resolver};
      location / {
          set $backend http://${host};
          proxy_pass $backend;
          proxy_set_header Host $host;
      }
  }
`

export default defineRule({
  summary: '`resolver` asks a server that does not know the names of containers',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where `proxy_pass` has a variable, nginx asks the `resolver` for each name while it runs, and never the hosts file. The names of services are known to the resolver of Docker alone, 127.0.0.11: every request is answered with 502, `could not be resolved (3: Host not found)`. In a pod of Kubernetes nothing has that address.',
  remedy: 'Write `resolver 127.0.0.11 valid=10s;`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver',
    'https://docs.docker.com/engine/network/#dns-services',
  ],
  unproven: 'The live tests have neither Docker’s resolver nor one of the internet',
  bad: [
    {
      title: 'a public resolver',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': site('«8.8.8.8» valid=30s') },
    },
    {
      title: 'the container itself',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': site('«127.0.0.1» valid=10s') },
    },
    {
      title: 'Docker’s own, in a pod',
      files: manifests({ nginx: site('«127.0.0.11» valid=10s', 'web.shop.svc.cluster.local') }),
    },
  ],
  good: [
    {
      title: 'the resolver of a cluster',
      files: manifests({
        nginx: site('kube-dns.kube-system.svc.cluster.local', 'web.shop.svc.cluster.local'),
      }),
    },
    {
      title: 'nobody asks it in a pod',
      files: manifests({
        nginx: site('127.0.0.11')
          .replaceAll('$backend', 'http://web')
          .replace(/ *set .*\n/, ''),
      }),
    },
    {
      title: 'Docker’s own',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': site('127.0.0.11 valid=30s') },
    },
    {
      title: 'a container with more programs than nginx',
      files: {
        'docker-compose.yml': composeWith({ nginx: 'command: sh -c "dnsmasq && nginx -g \'daemon off;\'"' }),
        'nginx/site.conf': site('127.0.0.1'),
      },
    },
    {
      title: 'a host of the internet',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': site('8.8.8.8', 'api.example.com'),
      },
    },
  ],
  *check(deployment) {
    const { connections, machines } = deployment
    yield* inPods(deployment)
    if (!machines.some(({ container }) => container !== null)) return
    for (const connection of connections.http) {
      const { machine } = connection.from
      const name = serviceAsked(connection, machine)
      // A cluster has a resolver of its own.
      if (name === null || machine.container?.project.startedBy === 'pods') continue
      const resolver = effective(connection.server.configuration, connection.block, 'resolver')
      const line = resolver.known ? resolver.value.directives[0] : undefined
      const addresses = line?.args.filter(({ value }) => !value.includes('=')) ?? []
      if (line === undefined || addresses.length === 0) continue
      const isItself = machine.container !== null && isAlone(machine.container)
      if (!addresses.every(({ value }) => isElsewhere(value) || (isItself && isInside(value)))) continue
      const at = argumentPlace(line, 0)
      yield {
        at,
        message: isInside(line.args[0]?.value ?? '')
          ? `\`${line.args[0]?.value}\` is the container of nginx itself, where no resolver listens: only Docker’s own, 127.0.0.11, knows the container \`${name}\``
          : `\`${line.args[0]?.value}\` does not know the container \`${name}\`: only Docker’s own resolver, 127.0.0.11, does`,
        related: [{ at: argumentPlace(connection.pass, 0), message: 'a name asked for while nginx runs' }],
        ...(addresses.length === 1
          ? propose('Ask the resolver of Docker', 'unsafe', [replacePlace(at, '127.0.0.11')])
          : {}),
      }
    }
  },
})

/** Docker’s resolver in a pod, where nothing has its address. */
function* inPods(deployment: Deployment): Iterable<RuleFinding> {
  const pods = serverPods(deployment)
  if (pods.length === 0) return
  for (const { server, block, pass } of deployment.connections.nginx) {
    const own = pods.filter(({ program }) => program.configuration === server.configuration)
    if (own.length === 0 || !(pass.args[0]?.value ?? '').includes('$')) continue
    const resolver = effective(server.configuration, block, 'resolver')
    const line = resolver.known ? resolver.value.directives[0] : undefined
    if (line === undefined || !own.some(({ sources }) => sources.has(line.source))) continue
    const addresses = line.args.filter(({ value }) => !value.includes('='))
    if (addresses.length === 0 || !addresses.every(({ value }) => /^127\.0\.0\.11(?::53)?$/.test(value)))
      continue
    yield {
      at: argumentPlace(line, 0),
      message:
        '`127.0.0.11` is the resolver of Docker, and nothing listens there in a pod: could not be resolved (110: Operation timed out)',
      label: 'not in a cluster',
      related: [{ at: argumentPlace(pass, 0), message: 'a name asked for while nginx runs' }],
      help: 'Write `resolver kube-dns.kube-system.svc.cluster.local valid=10s;`',
    }
  }
}

/** An address out on the internet, which is the resolver of no container network. */
function isElsewhere(text: string): boolean {
  const address = parseHost(text)
  return (
    address.kind === 'ip' &&
    address.family === 4 &&
    isLoopback(address) === false &&
    !/^(?:10\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.168\.|169\.254\.|100\.)/.test(address.ip)
  )
}

/** A loopback address that is not Docker's own. */
function isInside(text: string): boolean {
  const address = parseHost(text)
  return address.kind === 'ip' && isLoopback(address) === true && address.ip !== '127.0.0.11'
}

/** True where nothing but nginx runs, in a network of its own. */
function isAlone(container: Container): boolean {
  return runsOnlyWebServer(container) && container.service.networkMode === null
}

/** The name of a service that a pass with a variable leads to; null where it is none, or nobody knows. */
function serviceAsked({ pass, block }: NginxConnection, { container }: Machine): string | null {
  const written = pass.args[0]?.value ?? ''
  if (container === null || !written.includes('$')) return null
  const variable = /^(?:https?:\/\/)?\$\{?(\w+)\}?/.exec(written)?.[1]
  const text = variable === undefined ? written : (valueSet(block, variable) ?? '')
  const host = /^(?:https?:\/\/)?([a-z0-9][\w-]*)(?::[\d$]\w*)?(?:[/$]|$)/i.exec(text)?.[1]?.toLowerCase()
  return host !== undefined && container.project.services.has(host) ? host : null
}

/** What `set` gives a variable in the blocks around; null where several lines may, or none does. */
function valueSet(block: NginxDirective, variable: string): string | null {
  for (let level: NginxDirective | null = block; level !== null; level = level.parent) {
    const lines = childrenNamed(level, 'set').filter(({ args }) => args[0]?.value === `$${variable}`)
    if (lines.length > 1) return null
    if (lines.length === 1) return lines[0]?.args[1]?.value ?? null
  }
  return null
}
