import type { Fact } from '../../parsers/text/fact.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { closest } from 'fastest-levenshtein'
import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { DockerCommand } from '../../parsers/dockerfile/dockerfile.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { isStandIn } from '../../parsers/text/stand-in.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { projectsIn } from './_compose-projects.ts'
import { composeWith, siteTo } from './_examples.ts'
import { OWN_NETWORK } from './_networks.ts'

/** A site whose content the compose file holds. */
const inConfig = (target: string): Record<string, string> => ({
  'compose.yml': conf`
    services:
      proxy:
        image: nginx:1.27
        configs:
          - source: site
            target: /etc/nginx/conf.d/default.conf
      web:
        image: example/web
    configs:
      site:
        content: |
          server {
              listen 80;
              location / {
                  proxy_pass ${target};
              }
          }
  `,
})

export default defineRule({
  summary: 'nginx connects to a name that no container on its networks has',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a container, the resolver of Docker knows the other containers on the same network by the names of their services, their `container_name` and their aliases. nginx asks for every name when it starts and does not start without an answer: `host not found in upstream`; one that a variable makes is asked for with each request, and answered with 502.',
  remedy: 'Write the name of a service that shares a network with nginx',
  references: [
    'https://docs.docker.com/compose/how-tos/networking/',
    'https://nginx.org/en/docs/http/ngx_http_upstream_module.html#server',
  ],
  bad: [
    {
      title: 'nginx on the network of the host',
      files: {
        'docker-compose.yml': composeWith().replace('ports:\n      - "80:80"', 'network_mode: host'),
        'nginx/site.conf': siteTo('«web:8000»'),
      },
    },
    {
      title: 'nginx on the network of the host, with an upstream that is a container of the repository',
      files: {
        'docker-compose.yml': composeWith()
          .replace('ports:\n      - "80:80"', 'network_mode: host')
          .replace(/image: (?!nginx)\S+/, 'build: ./web'),
        'web/Dockerfile': conf`
          FROM python:3.12
          CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi"]
        `,
        'nginx/site.conf': siteTo('«web:8000»'),
      },
    },
    {
      title: 'a template that the start script fills in',
      files: {
        'compose.yaml': composeWith().replace(
          './nginx/site.conf:/etc/nginx/conf.d/default.conf',
          './nginx/templates:/etc/nginx/templates',
        ),
        'nginx/templates/default.conf.template': siteTo('«app:8000»').replace('example.org', '${NAME}'),
      },
    },
    {
      title: "containers of a script, on Docker's default bridge",
      files: {
        'deploy.sh': conf`
          docker run -d --name web --restart always registry.example.org/shop:1.4 gunicorn --bind 0.0.0.0:8000 shop.wsgi
          docker run -d --name proxy --restart always -p 80:80 \
            -v "$PWD/nginx/site.conf:/etc/nginx/conf.d/default.conf:ro" nginx:1.27
        `,
        'nginx/site.conf': siteTo('«web:8000»'),
      },
    },
    {
      title: 'another name than that of a task of Ansible',
      files: {
        'playbook.yml': conf`
          - hosts: web
            tasks:
              - community.docker.docker_network:
                  name: shop
              - community.docker.docker_container:
                  name: web
                  image: registry.example.org/shop:1.4
                  networks: [{ name: shop }]
              - community.docker.docker_container:
                  name: proxy
                  image: nginx:1.27
                  networks: [{ name: shop }]
                  published_ports: ["80:80"]
                  volumes:
                    - "{{ playbook_dir }}/nginx/site.conf:/etc/nginx/conf.d/default.conf:ro"
        `,
        'nginx/site.conf': siteTo('«django:8000»'),
      },
    },
    {
      title: 'another name',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': siteTo('«django:8000»') },
    },
    {
      title: 'by a variable, so that it is looked up with each request',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': conf`
          server {
              listen 80;
              resolver 127.0.0.11;
              location / {
                  set $django http://django:8000;
                  proxy_pass «$django»;
              }
          }
        `,
      },
    },
    {
      title: 'an image whose build links a directory of the site',
      files: {
        'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          RUN mkdir -p /srv/shop && ln -s /srv/storage/public /srv/shop/storage
        `,
        'nginx/site.conf': siteTo('«backend:8000»'),
      },
    },
    { title: 'in a file whose content the compose file holds', files: inConfig('«http://django:8000»') },
    {
      title: 'in a file that the command writes',
      files: {
        'compose.yml': conf`
          services:
            proxy:
              image: nginx:1.27
              ports: ["80:80"]
              command:
                - sh
                - -c
                - |
                  cat > /etc/nginx/conf.d/default.conf <<'EOF'
                  server {
                      listen 80;
                      location / {
                          proxy_pass «http://django:8000»;
                      }
                  }
                  EOF
                  exec nginx -g 'daemon off;'
            web:
              image: example/web
        `,
      },
    },
    {
      title: 'in a file that the Dockerfile holds',
      files: {
        'compose.yml': conf`
          services:
            proxy:
              build: ./proxy
              ports: ["80:80"]
            web:
              image: example/web
        `,
        'proxy/Dockerfile': conf`
          FROM nginx:1.27
          COPY <<EOF /etc/nginx/conf.d/default.conf
          server {
              listen 80;
              location / {
                  proxy_pass «http://django:8000»;
              }
          }
          EOF
        `,
      },
    },
    {
      title: 'no network of both',
      files: {
        'docker-compose.yml': composeWith({
          web: 'networks: [back]',
          nginx: 'networks: [front]',
          more: conf`
            networks:
              front:
              back:
          `,
        }),
        'nginx/site.conf': siteTo('«web:8000»'),
      },
    },
    {
      title: 'a name of an image whose file is written in small letters',
      files: {
        'docker-compose.yml': conf`
          services:
            proxy:
              build: ./proxy
            shop:
              image: example/shop
        `,
        'proxy/dockerfile': conf`
          FROM nginx:1.27
          COPY nginx.conf /etc/nginx/nginx.conf
        `,
        'proxy/nginx.conf': conf`
          events {
          }
          http {
              server {
                  listen 80;
                  location / {
                      proxy_pass «http://shopp:8000»;
                  }
              }
          }
        `,
      },
    },
  ],
  good: [
    ...['docker network create shop\n', 'docker network create shop || true\n'].map((create, index) => ({
      title: `a network that a script makes, ${index === 0 ? 'the first time' : 'or has made before'}`,
      files: {
        'deploy.sh': conf`
          ${create}
          docker run -d --name web --network shop registry.example.org/shop:1.4
          docker run -d --name proxy --network shop -p 80:80 \
            -v "$PWD/nginx/site.conf:/etc/nginx/conf.d/default.conf:ro" nginx:1.27
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    })),
    {
      title: 'a link, and a network that a container joins when it runs',
      files: {
        'deploy.sh': conf`
          docker run -d --name api registry.example.org/api:1.4
          docker run -d --name web registry.example.org/shop:1.4
          docker run -d --name proxy --link api:ledger -p 80:80 \
            -v "$PWD/nginx/site.conf:/etc/nginx/conf.d/default.conf:ro" nginx:1.27
          docker network connect shop web
          docker network connect shop proxy
        `,
        'nginx/site.conf': siteTo('web:8000', 'proxy_pass_request_headers on;').replace(
          'location / {',
          'location /ledger/ {\n        proxy_pass http://ledger:8000;\n    }\n    location / {',
        ),
      },
    },
    {
      title: 'a network of somebody else, on which any container may be',
      files: {
        'deploy.sh': conf`
          docker run -d --name proxy --network edge -p 80:80 \
            -v "$PWD/nginx/site.conf:/etc/nginx/conf.d/default.conf:ro" nginx:1.27
        `,
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a service of a file in another directory, which is laid over this one',
      files: {
        'docker-compose.yml': composeWith(),
        'deploy/docker-compose-stock.yml': conf`
          services:
            nginx:
              depends_on: [stock]
            stock:
              image: registry.example.org/stock:2
        `,
        'nginx/site.conf': siteTo('stock:8000'),
      },
    },
    {
      title: 'nginx on the network of the host, which is told of the name',
      files: {
        'docker-compose.yml': composeWith().replace(
          'ports:\n      - "80:80"',
          'network_mode: host\n    extra_hosts: ["web:127.0.0.1"]',
        ),
        'nginx/site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a service',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': siteTo('web:8000') },
    },
    {
      title: 'a service, in a file whose content the compose file holds',
      files: inConfig('http://web:8000'),
    },
    {
      title: 'an alias, and the name of a container',
      files: {
        'docker-compose.yml': composeWith({
          web: conf`
            container_name: shop
            networks:
              default:
                aliases: [app]
          `,
        }),
        'nginx/site.conf': conf`
          upstream shops {
              server app:8000;
              server shop:8000;
          }
          ${siteTo('shops')}
        `,
      },
    },
    {
      title: 'a network on which other projects have containers, too',
      files: {
        'docker-compose.yml': composeWith({
          more: conf`
            networks:
              default:
                name: proxy
                external: true
          `,
        }),
        'nginx/site.conf': siteTo('django:8000'),
      },
    },
    {
      title: 'a host that the compose file adds',
      files: {
        'docker-compose.yml': composeWith({ nginx: 'extra_hosts: ["app:10.0.0.7"]' }),
        'nginx/site.conf': siteTo('app:8000'),
      },
    },
    {
      title: 'one of the containers of a service',
      files: {
        'docker-compose.yml': composeWith(),
        'nginx/site.conf': siteTo('shop-web-2:8000'),
      },
    },
    {
      title: 'a name of the public DNS',
      files: { 'docker-compose.yml': composeWith(), 'nginx/site.conf': siteTo('app.example.com:8000') },
    },
    {
      title: 'an upstream that the image defines',
      files: {
        'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          RUN echo "upstream php-upstream { server web:8000; }" > /etc/nginx/conf.d/upstream.conf
        `,
        'nginx/site.conf': siteTo('php-upstream'),
      },
    },
    {
      title: 'an upstream of a file that no main file includes',
      files: {
        'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          COPY . /etc/nginx/
        `,
        'nginx/locations/php.conf': conf`
          location ~ \.php$ {
              fastcgi_pass php-fpm;
          }
        `,
        'nginx/upstreams/php.conf': conf`
          upstream php-fpm {
              server unix:/run/php-fpm.sock;
          }
        `,
      },
    },
    {
      title: 'a build that brings a configuration from elsewhere',
      files: {
        'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          RUN cp /usr/share/upstreams.conf /etc/nginx/conf.d/
        `,
        'nginx/site.conf': siteTo('backend'),
      },
    },
    {
      title: 'a script that may write one when the image is built',
      files: {
        'docker-compose.yml': composeWith().replace('image: nginx:1.27', 'build: ./nginx'),
        'nginx/Dockerfile': conf`
          FROM nginx:1.27
          COPY configure.sh /etc/nginx/
          RUN /etc/nginx/configure.sh
        `,
        'nginx/site.conf': siteTo('backend'),
      },
    },
    {
      title: 'a script that runs before nginx',
      files: {
        'docker-compose.yml': composeWith().replace(
          ':ro\n',
          ':ro\n      - ./nginx/upstream.sh:/docker-entrypoint.d/30-upstream.sh\n',
        ),
        'nginx/site.conf': siteTo('backend'),
        'nginx/upstream.sh': 'echo "upstream backend { server web:8000; }" > /etc/nginx/conf.d/a.conf',
      },
    },
    {
      title: 'a service of another file that is started together with this one',
      files: {
        'docker-compose.yml': composeWith(),
        'docker-compose.app.yml': conf`
          services:
            django:
              image: example/django
        `,
        'nginx/site.conf': siteTo('django:8000'),
      },
    },
  ],
  *check(deployment) {
    const { connections } = deployment
    yield* onHostNetwork(deployment)
    for (const { from, server, targets, protocol, pass } of connections.nginx) {
      const { container } = from.machine
      if (container === null || !protocol.known) continue
      // A main file that was not read with it may define the upstream.
      const { main, stockMain } = server.configuration
      if (main === null && stockMain !== true) continue
      // Of locations that no server is seen to include nobody knows what stands beside them.
      if (server.listens.length === 0 && server.names.length === 0) continue
      if (
        !knowsEveryName(container) ||
        !(knowsUpstreams(server.configuration) || knowsConfiguration(container))
      )
        continue
      for (const { address, addresses, at, to } of targets) {
        if (address.kind !== 'name' || to.kind === 'listener' || to.kind === 'refused') continue
        const { name } = address
        if (addresses.some(({ kind }) => kind !== 'name') || /[.]|^localhost$/.test(name)) continue
        if (isReached(container, name)) continue
        const { services, sources, startedBy } = container.project
        const other = [...services.values()].find(each => each.name.toLowerCase() === name)
        if (other === undefined && (container.allNames.has(name) || isOneOfSeveral(name, services.keys())))
          continue
        if (other !== undefined && other.networkMode !== null) continue
        const names = [...services.keys()].filter(each => each !== container.service.name)
        const harm = isComputed(pass.args[0]?.value ?? '')
          ? 'so every request is answered with 502: could not be resolved'
          : 'so nginx does not start: host not found in upstream'
        const file = sources[0]?.path.split('/').at(-1) ?? 'the compose file'
        const kind = startedBy === 'compose' ? 'service' : 'container'
        // On Docker's own bridge containers have addresses, and no names.
        const isOnBridge = other?.networks?.length === 0 && container.service.networks?.length === 0
        yield {
          at,
          message:
            other === undefined
              ? `no ${kind} of ${file} is called \`${name}\`, ${harm}`
              : isOnBridge
                ? `\`${other.name}\` and \`${container.service.name}\` are on Docker's default bridge, where containers have no names, ${harm}`
                : `the ${kind} \`${other.name}\` shares no network with \`${container.service.name}\`, ${harm}`,
          label: 'no container of this name',
          related:
            other === undefined
              ? [{ at: container.service.at, message: 'the container of nginx' }]
              : isOnBridge
                ? [
                    { at: other.at, message: 'without a network' },
                    { at: container.service.at, message: 'nginx, without one' },
                  ]
                : [
                    { at: networksOf(other), message: 'on other networks' },
                    { at: networksOf(container.service), message: 'the networks of nginx' },
                  ],
          ...(other === undefined && names.length > 0
            ? { help: `Connect to a ${kind}, such as \`${closest(name, names)}\`` }
            : {}),
          ...(isOnBridge && { help: OWN_NETWORK[startedBy] }),
        }
      }
    }
  },
})

/** Where its networks are written; its key where it is on the one of the project. */
function networksOf({ at, networks }: ComposeService): Place {
  return networks?.[0]?.at ?? at
}

/** A service of nginx on the network of the host, with the files that are mounted into it. */
interface HostService {
  readonly service: ComposeService
  readonly project: ComposeProject
  /** As the repository has them, and as reports name them: a main file is read where nginx has it. */
  readonly paths: readonly string[]
  readonly shown: readonly string[]
}

const hostServices = memo((deployment: Deployment): readonly HostService[] =>
  [...projectsIn(deployment)].flatMap(project =>
    [...project.services.values()].flatMap(service => {
      const { networkMode, image, volumes } = service
      const isNginx =
        image?.known === true && /^(?:docker\.io\/)?(?:library\/)?nginx(?::|$)/.test(image.value)
      if (!isNginx || networkMode?.known !== true || networkMode.value !== 'host' || !service.complete)
        return []
      const paths = volumes.flatMap(({ kind, source, target }) =>
        kind === 'bind' && source?.known === true && target.known && target.value.startsWith('/etc/nginx')
          ? [source.value]
          : [],
      )
      const files = filesOf(deployment, project)
      return [{ service, project, paths, shown: paths.map(path => files?.display(path) ?? path) }]
    }),
  ),
)

function filesOf({ machines }: Deployment, project: ComposeProject): FileSystem | null {
  const own = machines.find(({ container }) => container?.project === project)?.container?.hostFiles
  return own ?? machines.find(({ loose }) => loose?.projects.includes(project))?.loose?.files ?? null
}

/** Docker's own names are known to the containers of its networks, and not to the host. */
function* onHostNetwork(deployment: Deployment): Iterable<RuleFinding> {
  const hosts = hostServices(deployment)
  if (hosts.length === 0) return
  for (const { from, targets, pass } of deployment.connections.nginx) {
    if (from.machine.container !== null) continue
    for (const { address, addresses, at } of targets) {
      if (address.kind !== 'name') continue
      const { name } = address
      if (addresses.some(({ kind }) => kind !== 'name') || /[.]|^localhost$/.test(name)) continue
      const read = from.machine.files.display(at.source.path)
      const host = hosts.find(
        ({ paths, shown }) =>
          paths.some(path => isBelow(at.source.path, path)) || shown.some(path => isBelow(read, path)),
      )
      if (host === undefined) continue
      const other = [...host.project.services.values()].find(
        each =>
          each.networkMode === null &&
          (each.name.toLowerCase() === name ||
            (each.containerName?.known === true && each.containerName.value.toLowerCase() === name)),
      )
      const { extraHosts, networkMode } = host.service
      if (other === undefined || extraHosts.some(each => !each.name.known || each.name.value === name))
        continue
      yield {
        at,
        message: `nginx is on the network of the host, where nobody knows the service \`${other.name}\`, ${isComputed(pass.args[0]?.value ?? '') ? 'so every request is answered with 502: could not be resolved' : 'so nginx does not start: host not found in upstream'}`,
        label: 'no name of the host',
        related: [
          ...(networkMode?.at == null ? [] : [{ at: networkMode.at, message: 'the network of nginx' }]),
          { at: other.at, message: 'on a network of Compose' },
        ],
        help: `Publish the port of \`${other.name}\` on 127.0.0.1 and connect there, or leave \`network_mode\` out`,
      }
    }
  }
}

/** Names that reach another container from this one. */
function isReached({ service, project, networks }: Container, name: string): boolean {
  if (service.links.some(({ alias }) => !alias.known || alias.value.toLowerCase() === name)) return true
  return [...project.services.values()].some(other => {
    const joined =
      other.networks === null
        ? ['default']
        : other.networks.map(({ network }) => (network.known ? network.value : null))
    if (!joined.some(network => network === null || networks.includes(network))) return false
    const names = [
      other.containerName,
      other.hostname,
      ...(other.networks ?? []).flatMap(({ aliases }) => aliases),
    ]
    return (
      other.name.toLowerCase() === name ||
      names.some(fact => fact !== null && (!fact.known || fact.value.toLowerCase() === name))
    )
  })
}

/** True where the whole configuration is here with the main file of the image, and no template names an upstream. */
function knowsUpstreams({ main, occurrences }: NginxConfiguration): boolean {
  const upstreams = occurrences.get('upstream') ?? []
  return (
    main !== null &&
    isStandIn(main) &&
    !upstreams.some(({ args: [name] }) => isUnknownWord(name?.value ?? ''))
  )
}

/**
 * False where files that are not in the audit may be part of nginx's configuration, and define an upstream of the
 * name: of an image that is built with more than copies, of a volume, of templates that are filled in.
 */
function knowsConfiguration({ mounts, image, base, service }: Container): boolean {
  if (!/^nginx/.test(base ?? '') || service.entrypoint !== null || image?.entrypoint != null) return false
  if (
    image?.steps.some(step =>
      'sources' in step ? isOfStart(step.target) : writesConfiguration(step.command),
    )
  )
    return false
  return mounts.every(
    ({ target, path }) =>
      !target.startsWith(START_SCRIPTS) &&
      (!/^\/etc\/nginx(?:\/|$)/.test(target) || (path !== null && !target.includes('/templates'))),
  )
}

/** What the image of nginx runs before nginx: it may write any configuration. */
const START_SCRIPTS = '/docker-entrypoint.d'

function isOfStart(target: Fact<string>): boolean {
  return !target.known || target.value.startsWith(START_SCRIPTS)
}

function writesConfiguration(command: DockerCommand): boolean {
  const text = commandText(command)
  return (
    /upstream|envsubst|>\s*\/etc\/nginx/.test(text) ||
    RUNS_SCRIPT.test(text) ||
    text.split(/&&|\|\||[;|\n]/).some(each => WRITES.test(each) && !writesElsewhere(each))
  )
}

const WRITES = /(?:sed|cp|mv|ln|curl|wget)\s/

/** True where the last word of a command, which it writes, is a path that no configuration stands at. */
function writesElsewhere(command: string): boolean {
  return /\s\/(?!etc(?:\/|\s*$)|docker-entrypoint)[\w.-][\w./-]*\s*$/.test(command)
}

/** A program that is called by its path, or handed to a shell or an interpreter. */
const RUNS_SCRIPT =
  /(?:^|[;&|(\n])\s*(?:(?:ba|da|a)?sh|python\d?|perl|node|php|source|\.)\s+(?!-)\S|(?:^|[;&|(\n])\s*(?!\/(?:usr\/)?s?bin\/)[.\w-]*\/\S/

/** False where containers that this project does not name may be on a network of it. */
function knowsEveryName({ project, service, networks }: Container): boolean {
  if (!project.complete || !service.complete || project.legacy || service.externalLinks.length > 0)
    return false
  if ((service.networks ?? []).some(({ network }) => !network.known)) return false
  return networks.every(key => {
    const network = project.networks.get(key)
    return network === undefined || (!network.external && network.name === null)
  })
}

/** True for what Compose calls one of the containers of a service: `PROJECT-SERVICE-2`. */
function isOneOfSeveral(name: string, services: Iterable<string>): boolean {
  const inner = /^(?:.+?[-_])(.+)[-_]\d+$/.exec(name)?.[1]
  if (inner === undefined) return false
  for (const service of services) {
    const own = service.toLowerCase()
    if (inner === own || inner.endsWith(`-${own}`) || inner.endsWith(`_${own}`)) return true
  }
  return false
}
