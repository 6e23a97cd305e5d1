import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { isNginxImage } from '../../src/deployment/containers/nginx-image.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { siteTo } from './_examples.ts'
import { mayBeOverridden } from './_override-templates.ts'

/** nginx, an application and its database; the application waits until that answers. */
const project = (proxy: string, { web = '', condition = 'service_healthy' } = {}): string => conf`
  services:
    proxy:
      image: nginx:1.27
      ports: ["80:80"]
      volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
      ${proxy}
    web:
      image: registry.example.org/shop:1.4
      ${web}
      depends_on:
        db:
          condition: ${condition}
    db:
      image: postgres:16
      environment: { POSTGRES_PASSWORD: a }
      healthcheck:
        test: pg_isready -U postgres
`

export default defineRule({
  summary: 'nginx starts before the container that it connects to, and ends',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'nginx looks up the names of its configuration when it starts. Docker knows the name of a container only once that has been started, and a container that waits for `service_healthy` is started later than all that waits for nothing: nginx ends with `host not found in upstream`, and nothing starts it again.',
  remedy: 'Let nginx wait for the container as well: `depends_on: [web]`',
  references: [
    'https://docs.docker.com/compose/how-tos/startup-order/',
    'https://docs.docker.com/reference/compose-file/services/#depends_on',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass',
  ],
  unproven: 'The live tests start no containers; that nginx ends at a name nobody knows is its own verdict',
  bad: [
    {
      title: 'an application that waits for its database',
      files: { 'compose.yaml': project(''), 'site.conf': siteTo('«web:8000»') },
    },
    {
      title: 'an upstream, and an application that waits for a migration',
      files: {
        'compose.yaml': project('restart: "no"', { condition: 'service_completed_successfully' }),
        'site.conf': conf`
          upstream shop {
              server «web:8000»;
          }
          ${siteTo('shop')}
        `,
      },
    },
    {
      title: 'nginx that waits for another container',
      files: {
        'compose.yaml': `${project('depends_on: [pages]').trimEnd()}\n  pages:\n    image: httpd:2.4\n`,
        'site.conf': siteTo('«web:8000»'),
      },
    },
  ],
  good: [
    {
      title: 'nginx that waits for the application',
      files: { 'compose.yaml': project('depends_on: [web]'), 'site.conf': siteTo('web:8000') },
    },
    {
      title: 'nginx that waits for a container which waits for the application',
      files: {
        'compose.yaml': `${project('depends_on: [pages]').trimEnd()}\n  pages:\n    image: httpd:2.4\n    depends_on: [web]\n`,
        'site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'nginx that waits for the same database',
      files: {
        'compose.yaml': project(conf`
          depends_on:
            db:
              condition: service_healthy
        `),
        'site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a link',
      files: { 'compose.yaml': project('links: ["web:shop"]'), 'site.conf': siteTo('web:8000') },
    },
    {
      title: 'nginx that is started again',
      files: { 'compose.yaml': project('restart: unless-stopped'), 'site.conf': siteTo('web:8000') },
    },
    {
      title: 'an application that waits for nothing but the start of its database',
      files: {
        'compose.yaml': project('', { condition: 'service_started' }),
        'site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'a name that is looked up with the request',
      files: {
        'compose.yaml': project(''),
        'site.conf': conf`
          server {
              listen 80;
              resolver 127.0.0.11;
              set $web web:8000;
              location / {
                  proxy_pass http://$web;
              }
          }
        `,
      },
    },
    {
      title: 'a command that waits by itself',
      files: {
        'compose.yaml': project(
          'command: ["/wait-for-it.sh", "web:8000", "--", "nginx", "-g", "daemon off;"]',
        ),
        'site.conf': siteTo('web:8000'),
      },
    },
    {
      title: 'an application with a fixed address by another name',
      files: { 'compose.yaml': project('extra_hosts: ["web:172.20.0.5"]'), 'site.conf': siteTo('web:8000') },
    },
  ],
  *check({ connections }) {
    for (const { from, targets, upstream, pass } of connections.nginx) {
      const { container } = from.machine
      if (container === null || !startsNginxOnce(container) || mayBeOverridden(container)) continue
      if (pass.args.some(({ value }) => value.includes('$') || isUnknownWord(value))) continue
      for (const { address, machine, at, written } of targets) {
        const other = machine?.container ?? null
        if (address.kind !== 'name' || other === null || other === container) continue
        if (other.project !== container.project || mayBeOverridden(other)) continue
        const line = upstream?.children.find(
          ({ name, args }) => name === 'server' && args[0]?.value === written,
        )
        if (line?.args.some(({ value }) => value === 'resolve') === true) continue
        const before = startedBefore(container.project, container.service)
        const [wait] = startedBefore(container.project, other.service).waits
        // Which of two waits ends first, nobody knows.
        if (wait === undefined || before.waits.length > 0 || before.names.has(other.service.name)) continue
        const { name } = container.service
        yield {
          at,
          message: `\`${name}\` is started at once, and \`${other.service.name}\` only when \`${wait.of}\` ${wait.until}, so nginx ends: host not found in upstream`,
          label: 'not started yet',
          related: [
            { at: container.service.at, message: 'does not wait for it, and is not started again' },
            { at: wait.at, message: 'waits here' },
          ],
          help: `Add \`${other.service.name}\` to \`depends_on\` of \`${container.service.name}\``,
        }
      }
    }
  },
})

/** True for the image of nginx with its own start, which nothing starts again. */
function startsNginxOnce({ service, image, base, project }: Container): boolean {
  const { restart, complete, command, entrypoint, profiles, extraHosts, at, networks } = service
  return (
    isNginxImage(base) &&
    complete &&
    project.complete &&
    !project.legacy &&
    (restart === null || (restart.known && restart.value === 'no')) &&
    command === null &&
    entrypoint === null &&
    image?.entrypoint == null &&
    (image?.command == null || /^nginx\b/.test(commandText(image.command))) &&
    profiles.length === 0 &&
    extraHosts.length === 0 &&
    networks?.every(({ network }) => network.known) !== false &&
    !/\brestart_policy\b/.test(at.source.code)
  )
}

interface Before {
  /** The services that are started before one is. */
  readonly names: ReadonlySet<string>
  /** What it waits for besides their start. */
  readonly waits: readonly { readonly of: string; readonly until: string; readonly at: Place }[]
}

const startedBefore = memoByKey(({ services }: ComposeProject, service: ComposeService): Before => {
  const names = new Set<string>()
  const waits: Before['waits'][number][] = []
  const add = ({ dependsOn, links }: ComposeService): void => {
    for (const { service: of, condition, required, at } of dependsOn) {
      const until = condition?.known === true ? UNTIL.get(condition.value) : undefined
      if (of.known && required && until !== undefined) waits.push({ of: of.value, until, at })
    }
    for (const fact of [...dependsOn.map(each => each.service), ...links.map(({ target }) => target)]) {
      if (!fact.known || names.has(fact.value)) continue
      names.add(fact.value)
      const next = services.get(fact.value)
      if (next !== undefined) add(next)
    }
  }
  add(service)
  return { names, waits }
})

const UNTIL: ReadonlyMap<string, string> = new Map([
  ['service_healthy', 'is healthy'],
  ['service_completed_successfully', 'has ended'],
])
