import { type ComposeService, saysWhatRuns } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { networksOf, OWN_NETWORK } from './_networks.ts'

/** An application behind Traefik or nginx, its database, and the networks of both. */
const project = (web: string, db: string, networks = 'front:\nback:'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        expose: [8000]
        ${web}
      db:
        image: postgres:16
        ${db}
    networks:
      ${networks}
  `,
})

export default defineRule({
  summary: 'A container is told to connect to one with which it shares no network',
  severity: 'error',
  otherSeverities: { warning: 'where no `depends_on` says as well that the one has need of the other' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Docker knows the names of the containers on a network to each other, and lets no packet through to another network. A service with `networks` is not on the default one any more, on which all others stay. `depends_on` waits for a container, and connects to nothing.',
  remedy: 'Put both on one network: name it under `networks` of both services',
  references: [
    'https://docs.docker.com/compose/how-tos/networking/#specify-custom-networks',
    'https://docs.docker.com/reference/compose-file/services/#networks',
  ],
  unproven: 'The live tests start no containers: who is on which network, the compose file says',
  bad: [
    {
      title: 'a database that stays on the default network',
      files: project(
        conf`
          environment:
            «DATABASE_URL: postgres://shop:secret@db:5432/shop»
          networks: [front]
        `,
        'environment: { POSTGRES_PASSWORD: a }',
      ),
    },
    {
      title: 'two networks, and the name alone',
      files: project(
        conf`
          environment:
            - «DB_HOST=db»
          depends_on: [db]
          networks: [front]
        `,
        'networks: [back]',
      ),
    },
    {
      title: 'a network that is there before, and a port behind the name',
      files: project(
        conf`
          environment:
            «ELASTICSEARCH_HOSTS: http://db:9200»
          networks: [shared]
        `,
        '',
        'shared: { external: true }',
      ),
    },
    {
      title: "containers of a script, on Docker's default bridge",
      files: {
        'deploy.sh': conf`
          docker run -d --name db -e POSTGRES_PASSWORD=a postgres:16
          docker run -d --name web -p 8000:8000 -e «DB_HOST=db» registry.example.org/shop:1.4
        `,
      },
    },
  ],
  good: [
    {
      title: 'the same with a link, and on one network',
      files: {
        'deploy.sh': conf`
          docker run -d --name db -e POSTGRES_PASSWORD=a postgres:16
          docker run -d --name web -p 8000:8000 --link db -e DB_HOST=db registry.example.org/shop:1.4
          docker run -d --name cache --network shop redis:7
          docker run -d --name api --network shop -p 8001:8000 -e REDIS_HOST=cache registry.example.org/api:1.4
        `,
      },
    },
    {
      title: 'one network of both',
      files: project(
        conf`
          environment:
            DATABASE_URL: postgres://shop:secret@db:5432/shop
          networks: [front, back]
        `,
        'networks: [back]',
      ),
    },
    {
      title: 'the default network of both',
      files: project('environment: { DB_HOST: db }', 'networks: [default]'),
    },
    {
      title: 'two keys of one network',
      files: project(
        conf`
          environment: { DB_HOST: db }
          networks: [front]
        `,
        'networks: [back]',
        'front: { name: shop }\nback: { name: shop }',
      ),
    },
    {
      title: 'a name that another container has on the same network, or a line of hosts',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              environment: { DB_HOST: db, CACHE_HOST: cache }
              extra_hosts: ["cache:10.0.0.5"]
              networks: [front]
            db:
              image: postgres:16
            cache:
              image: redis:7
            pool:
              image: bitnami/pgbouncer:1
              networks:
                front:
                  aliases: [db]
          networks:
            front:
        `,
      },
    },
    {
      title: 'a file of variables for two services, of which one has no need of the database',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              env_file: shop.env
            mail:
              image: registry.example.org/mail:1.4
              env_file: shop.env
              networks: [front]
            db:
              image: postgres:16
          networks:
            front:
        `,
        'shop.env': 'DB_HOST=db\nMAIL_FROM=shop@example.org\n',
      },
    },
    {
      title: 'a file that is laid over another one, which says more of the service',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              environment: { DB_HOST: db }
            db:
              image: postgres:16
              networks: [back]
          networks:
            back:
        `,
      },
    },
    {
      title: 'a container that writes the configuration of others',
      files: {
        'docker-compose.yml': conf`
          services:
            configure:
              image: registry.example.org/configure:1
              environment: { QUEUE_URL: "amqp://shop:secret@queue/" }
              volumes: ["./config:/config"]
            queue:
              image: rabbitmq:4
              networks: [back]
          networks:
            back:
        `,
      },
    },
    {
      title: 'a word that is no name of a host',
      files: project(
        conf`
          environment:
            SESSION_STORE: db
            SITE_URL: https://db.example.org/
          networks: [front]
        `,
        '',
      ),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null || !knowsNetworks(container)) continue
      const { service, project, hostFiles } = container
      const own = new Set(networksOf(container).map(({ id }) => id))
      if (own.has(null)) continue
      for (const other of project.services.values()) {
        if (other === service || other.networkMode !== null || !other.complete) continue
        const networks = networksOf({ service: other, project }).map(({ id }) => id)
        if (networks.some(id => id === null || own.has(id)) || isKnownOtherwise(container, other)) continue
        // What serves nothing and waits for nobody may write the name down for others, as what makes their configuration.
        const waits = service.dependsOn.some(each => each.service.known && each.service.value === other.name)
        if (!waits && service.ports.length === 0 && service.expose.length === 0) continue
        const asks = asksFor(other.name)
        for (const { name, value, at } of serviceVariables(service, hostFiles).variables) {
          if (value?.known !== true || !asks(name, value.value)) continue
          // Lines that several services are given are not all meant for each of them.
          if (isGivenToOthers(container, at)) continue
          yield {
            at,
            ...(!waits && { severity: 'warning' as const, confidence: 'medium' as const }),
            message:
              own.size === 0 && networks.length === 0
                ? `\`${service.name}\` and \`${other.name}\` are on Docker's default bridge, where containers have no names, so \`${other.name}\` is not known there`
                : `\`${service.name}\` and \`${other.name}\` share no network, so the name \`${other.name}\` is not known there, and no connection gets through`,
            label: 'on another network',
            ...(own.size === 0 && networks.length === 0 && { help: OWN_NETWORK[project.startedBy] }),
            related: [
              { at: placeOfNetworks(service), message: `the networks of \`${service.name}\`` },
              { at: placeOfNetworks(other), message: `those of \`${other.name}\`` },
            ],
          }
        }
      }
    }
  },
})

/** False where more networks or names may come, with another file or from outside. */
function knowsNetworks({ project, service }: Container): boolean {
  return (
    project.complete &&
    // Without an image it is a part of a service, of a file that `-f` lays over another one.
    [...project.services.values()].every(saysWhatRuns) &&
    !project.legacy &&
    service.complete &&
    service.networkMode === null &&
    service.externalLinks.length === 0
  )
}

function isGivenToOthers({ service, project, hostFiles }: Container, { source, start }: Place): boolean {
  return [...project.services.values()].some(
    other =>
      other !== service &&
      serviceVariables(other, hostFiles).variables.some(
        ({ at }) => at.source === source && at.start === start,
      ),
  )
}

/** True where a name leads to something else as well: a link, a line of hosts, another container, one of another project. */
function isKnownOtherwise({ service, project, projects }: Container, { name }: ComposeService): boolean {
  const isName = (fact: { readonly known: boolean; readonly value?: string } | null): boolean =>
    fact !== null && (!fact.known || fact.value === name)
  return (
    service.links.some(({ target, alias }) => isName(target) || isName(alias)) ||
    service.extraHosts.some(each => isName(each.name)) ||
    [...project.services.values()].some(
      each =>
        each.name !== name &&
        (isName(each.containerName) ||
          isName(each.hostname) ||
          (each.networks ?? []).some(({ aliases }) => aliases.some(isName))),
    ) ||
    projects.some(each => each !== project && each.services.has(name))
  )
}

/** Whether a variable names a service as the host of a URL, or is one for a host and names it alone or with a port. */
function asksFor(service: string): (name: string, value: string) => boolean {
  const written = service.replace(/[.$]/g, String.raw`\$&`)
  const url = new RegExp(String.raw`^[\w+.:]*://(?:[^@/\s]*@)?${written}(?::\d+)?(?:/|\?|$)`)
  const host = new RegExp(String.raw`^${written}(?::\d+)?$`)
  return (name, value) => url.test(value) || (OF_HOST.test(name) && host.test(value))
}

const OF_HOST = /(?:^|_|[a-z])(?:HOST|HOSTS|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT|BROKER|UPSTREAM)$/i

function placeOfNetworks({ networks, at }: ComposeService): Place {
  return networks?.[0]?.at ?? at
}
