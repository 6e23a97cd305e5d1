import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { composeProjects } from './_compose-projects.ts'
import { composeWith, siteTo } from './_examples.ts'
import { showsLinux } from './_runs-on-linux.ts'

const SITE = siteTo('host.docker.internal:5000')
const UNIT = conf`
  [Unit]
  After=docker.service
  [Service]
  ExecStart=/usr/bin/gunicorn --bind 172.17.0.1:5000 ledger:app
`
const tree = (nginx = '', site = SITE.replace('http', '«http').replace('5000', '5000»')) => ({
  'docker-compose.yml': composeWith({ nginx }),
  'nginx/site.conf': site,
  'host/ledger.service': UNIT,
})
/** An application whose database is the one of the machine. */
const application = (lines: string): Record<string, string> => ({
  'docker-compose.prod.yml': conf`
    services:
      web:
        image: example/web:1.4
        ${lines}
  `,
})
const DATABASE = 'environment:\n  DATABASE_URL: postgres://shop@«host.docker.internal»/shop\n'

export default defineRule({
  summary: 'A container is to reach `host.docker.internal`, which Docker Engine on Linux does not know',
  severity: 'warning',
  otherSeverities: { info: 'where nothing shows that the containers run on Linux' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker Desktop, on a Mac and on Windows, has the name `host.docker.internal` for the machine itself. Docker Engine on a Linux server gives it to a container that asks for it by `extra_hosts` alone. Elsewhere nginx does not start (`host not found in upstream "host.docker.internal"`), and a program cannot find its database: `Name or service not known`.',
  remedy: 'Add `extra_hosts: ["host.docker.internal:host-gateway"]` to the service',
  references: [
    'https://docs.docker.com/reference/cli/docker/container/run/#add-host',
    'https://docs.docker.com/desktop/features/networking/#use-cases-and-workarounds',
    'https://docs.docker.com/reference/compose-file/services/#extra_hosts',
  ],
  unproven: 'The live tests start no containers: the names that Docker gives them, no loopback shows',
  bad: [
    { title: 'a site of nginx, beside a unit of the server', files: tree() },
    {
      title: 'a container that a unit runs',
      files: {
        'systemd/shop.service': conf`
          [Service]
          ExecStart=/usr/bin/docker run --rm --name web -e DB_HOST=«host.docker.internal» registry.example.org/shop:1.4
          Restart=always
        `,
      },
    },
    {
      title: 'an upstream, and a certificate of the server',
      files: {
        'docker-compose.yml': composeWith().replace(
          ':ro\n',
          ':ro\n      - /etc/letsencrypt:/etc/letsencrypt:ro\n',
        ),
        'nginx/site.conf': conf`
          upstream api {
              server «host.docker.internal:5000»;
          }
          ${siteTo('api')}
        `,
      },
    },
    { title: 'a database', files: application(DATABASE) },
    {
      title: 'a file of variables',
      files: {
        ...application('env_file: prod.env'),
        'prod.env': 'DB_HOST=«host.docker.internal»\n',
      },
    },
    {
      title: 'a deploy by ssh',
      files: {
        'compose.yaml': conf`
          services:
            web:
              image: example/web
              environment:
                - REDIS_URL=redis://«host.docker.internal»:6379/0
        `,
        'deploy.sh': 'ssh deploy@shop.example.org "cd /srv/shop && docker compose up -d"\n',
      },
    },
    {
      title: 'nothing of a server',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': tree()['nginx/site.conf'] },
    },
  ],
  good: [
    {
      title: 'the name is added',
      files: tree('extra_hosts:\n  - "host.docker.internal:host-gateway"', SITE),
    },
    { title: 'with its address', files: tree('extra_hosts:\n  host.docker.internal: 172.17.0.1', SITE) },
    {
      title: 'in another file of the project',
      files: {
        ...application(DATABASE),
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              extra_hosts: ["host.docker.internal:host-gateway"]
        `,
      },
    },
    {
      title: 'a container of this name',
      files: {
        'docker-compose.prod.yml': conf`
          services:
            gateway:
              image: qoomon/docker-host
              networks:
                default:
                  aliases: [host.docker.internal]
            web:
              image: example/web
              ${DATABASE}
        `,
      },
    },
    { title: 'the network of the host', files: application(`${DATABASE}network_mode: host\n`) },
    {
      title: 'a start script that adds it',
      files: {
        ...application(DATABASE),
        'docker/entrypoint.sh': conf`
          #!/bin/sh
          echo "$(ip route | awk '/default/ { print $3 }') host.docker.internal" >> /etc/hosts
          exec "$@"
        `,
      },
    },
    {
      title: 'a debugger on the desk of a developer, and whom the application answers',
      files: application(
        conf`
          environment:
            XDEBUG_HOST: host.docker.internal
            ALLOWED_HOSTS: localhost,host.docker.internal
            NO_PROXY: host.docker.internal
        `,
      ),
    },
    {
      title: 'a variable with a default for the desk',
      files: application(
        'environment:\n  DATABASE_URL: postgres://shop@${DB_HOST:-host.docker.internal}/shop\n',
      ),
    },
    {
      title: 'a Quadlet, which Podman runs',
      files: {
        'quadlets/web.container': conf`
          [Container]
          Image=registry.example.org/shop:1.4
          Environment=DB_HOST=host.docker.internal
        `,
      },
    },
    { title: 'Podman, which knows it', files: { ...tree('', SITE), 'run.sh': 'podman-compose up -d\n' } },
    {
      title: 'containers of a development environment',
      files: { '.devcontainer/docker-compose.yml': application(DATABASE)['docker-compose.prod.yml'] ?? '' },
    },
    { title: 'a name of one’s own', files: tree('', siteTo('web:8000')) },
  ],
  *check(deployment) {
    for (const { project, projects, allNames, hostFiles } of composeProjects(deployment)) {
      if (
        !project.complete ||
        isOfPodman(project) ||
        project.sources.some(({ path }) => /(?:^|\/)\.devcontainer\//.test(path))
      )
        continue
      for (const service of project.services.values()) {
        const wanted = variablesWith(service, hostFiles)
        if (wanted.length === 0 || !lacksName(service, projects, allNames, deployment)) continue
        for (const { name, at } of wanted)
          yield finding(at, `so what reads \`${name}\` gets: Name or service not known`, {
            service,
            project,
            deployment,
          })
      }
    }
    for (const { from, targets, pass } of deployment.connections.nginx) {
      const { container } = from.machine
      if (container === null || container.isAlone || !container.project.complete) continue
      if (isOfPodman(container.project)) continue
      for (const { address, at } of targets) {
        if (address.kind !== 'name' || !NAMES.test(address.name)) continue
        const { service, project, projects, allNames } = container
        if (!lacksName(service, projects, allNames, deployment)) continue
        const harm = isComputed(pass.args[0]?.value ?? '')
          ? 'every request is answered with 502: could not be resolved'
          : `nginx does not start: host not found in upstream "${address.name}"`
        yield finding(at, `so ${harm}`, { service, project, deployment })
      }
    }
  },
})

/** Podman knows the name by itself. */
function isOfPodman({ startedBy, sources }: ComposeProject): boolean {
  return startedBy === 'quadlet' || sources.some(({ text }) => /\bpodman/.test(text))
}

const NAMES = /^(?:host|gateway)\.docker\.internal$/

function finding(
  at: Place,
  harm: string,
  {
    service,
    project,
    deployment,
  }: { service: ComposeService; project: ComposeProject; deployment: Deployment },
): RuleFinding {
  const linux = showsLinux(project, deployment)
  return {
    at,
    ...(linux === null && ({ severity: 'info', confidence: 'medium' } as const)),
    message: `Docker Engine on Linux gives \`${service.name}\` no such name without \`${optionOf(project)}\`, ${harm}`,
    label: 'a name of Docker Desktop',
    related: [
      { at: service.at, message: `the container, without \`${optionOf(project)}\`` },
      ...(linux === null ? [] : [{ at: linux, message: 'runs on a server' }]),
    ],
    help: `Add ${GIVES_NAME[project.startedBy]} to \`${service.name}\``,
  }
}

function optionOf({ startedBy }: ComposeProject): string {
  return /^`(-*\w+(?:-\w+)*)/.exec(GIVES_NAME[startedBy])?.[1] ?? 'extra_hosts'
}

const OF_COMPOSE = '`extra_hosts: ["host.docker.internal:host-gateway"]`'
const GIVES_NAME: Readonly<Record<ComposeProject['startedBy'], string>> = {
  compose: OF_COMPOSE,
  nobody: OF_COMPOSE,
  'docker run': '`--add-host host.docker.internal:host-gateway`',
  ansible: '`etc_hosts: {host.docker.internal: host-gateway}`',
  pods: '`hostAliases`, with the address of the machine,',
  quadlet: '`AddHost=host.docker.internal:host-gateway`',
}

/** Variables that say where another program is. */
const OF_PLACES =
  /(?:^|_)(?:HOST|HOSTNAME|URL|URI|DSN|ADDR|ADDRESS|SERVER|BROKER|ENDPOINT|UPSTREAM|BACKEND)$/i
const OF_OTHERS = /DEBUG|ALLOWED|TRUSTED|CORS|CSRF|ORIGIN|VIRTUAL_|PUBLIC|VITE_|REACT_APP/i
const IN_VALUE = /(?<![\w.-])(?:host|gateway)\.docker\.internal(?![\w.-])/

/** The variables of a service that lead to the name, each at its name alone. */
function variablesWith(
  service: ComposeService,
  files: Parameters<typeof serviceVariables>[1],
): readonly { readonly name: string; readonly at: Place }[] {
  return serviceVariables(service, files).variables.flatMap(({ name, value }) => {
    if (value?.known !== true || value.at === null || !OF_PLACES.test(name) || OF_OTHERS.test(name)) return []
    const { source, start, end } = value.at
    const match = IN_VALUE.exec(source.text.slice(start, end))
    if (match === null || !IN_VALUE.test(value.value)) return []
    const from = start + match.index
    return [{ name, at: { source, start: from, end: from + match[0].length } }]
  })
}

/** True where nothing gives the name to a service: no file of any project, no other container, no script. */
function lacksName(
  { name, complete, networkMode, extraHosts, externalLinks, links }: ComposeService,
  projects: readonly ComposeProject[],
  allNames: ReadonlySet<string>,
  deployment: Deployment,
): boolean {
  if (
    !complete ||
    networkMode !== null ||
    externalLinks.length > 0 ||
    links.some(({ alias }) => !alias.known)
  )
    return false
  if (allNames.has('host.docker.internal') || allNames.has('gateway.docker.internal')) return false
  const hosts = projects.flatMap(({ services }) => services.get(name)?.extraHosts ?? extraHosts)
  if (hosts.some(host => !host.name.known || NAMES.test(host.name.value))) return false
  return !isGivenByScript(deployment)
}

/** Podman knows the name by itself, and a script may write it into a file of hosts. */
const isGivenByScript = memo((deployment: Deployment): boolean =>
  (deployment.setups() ?? []).some(
    ({ text }) => /\bpodman/.test(text) || (IN_VALUE.test(text) && GIVES.test(text)),
  ),
)

const GIVES = /\/etc\/hosts|--add-host|\bip\b[^\n]*\broute\b/
