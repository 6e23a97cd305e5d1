import { below } from '../../parsers/text/is-below.ts'
import type { ComposeService } from '../../parsers/compose/compose.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { composeProjects } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { composeWith, siteTo } from './_examples.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const tree = (image: string, lines: string): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    more: conf`
        db:
          image: ${image}
          ${lines}
      volumes:
        data:
    `,
  }),
  'nginx/site.conf': siteTo('web:8000'),
})

export default defineRule({
  summary: 'The port of a database is open to the network',
  severity: 'warning',
  otherSeverities: {
    info: 'for a database that asks for a password, that stands in a file for developers or tests, or in one of which nothing starts with the machine',
  },
  confidence: 'medium',
  securitySeverity: 8.6,
  cwe: [1327, 306],
  since: '0.1.0',
  why: 'A published port without an address is opened on every address of the host, past the rules of ufw and firewalld, for Docker writes its own before them. Redis, Memcached and MongoDB ask for no password by themselves, Elasticsearch and OpenSearch none where their security is turned off, and open ones are found and emptied within hours.',
  remedy: 'Leave `ports:` out, for the other services need none, or put `127.0.0.1:` in front of the port',
  references: [
    'https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw',
    'https://redis.io/docs/latest/operate/oss_and_stack/management/security/',
  ],
  unproven: 'The live tests start no containers: what is published, the compose file says',
  bad: [
    { title: 'Redis', files: tree('redis:7', 'restart: always\nports: ["«6379:6379»"]') },
    {
      title: 'Redis beside an application that starts with the machine',
      files: Object.fromEntries(
        Object.entries(tree('redis:7', 'ports: ["«6379:6379»"]')).map(([path, text]) => [
          path,
          text.replace('build: ./web', 'build: ./web\n    restart: unless-stopped'),
        ]),
      ),
    },
    { title: 'Redis of a developer', files: tree('redis:7', 'ports: ["«6379:6379»"]') },
    {
      title: 'Redis in a file for developers, which comes back with the machine',
      files: {
        'docker-compose.local-dev.yml': conf`
          services:
            db:
              image: redis:7
              restart: always
              ports: ["«6379:6379»"]
        `,
      },
    },
    {
      title: 'Redis beside a container to work in',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              build: .
              command: sleep infinity
              volumes: [".:/app"]
            db:
              image: redis:7
              restart: unless-stopped
              ports: ["«6379:6379»"]
        `,
      },
    },
    { title: 'PostgreSQL', files: tree('postgres:16', 'ports: ["«5432:5432»"]') },
    {
      title: 'Dragonfly, and RethinkDB with its console',
      files: {
        'docker-compose.yml': conf`
          services:
            cache:
              image: docker.dragonflydb.io/dragonflydb/dragonfly:v1.23.0
              restart: always
              ports: ["«6379:6379»"]
            documents:
              image: rethinkdb:2.4
              restart: always
              ports: ["«28015:28015»", "«8080:8080»"]
        `,
      },
    },
    {
      title: 'Elasticsearch without its security',
      files: tree(
        'docker.elastic.co/elasticsearch/elasticsearch:8.15.0',
        conf`
          restart: always
          environment:
            - discovery.type=single-node
            - xpack.security.enabled=false
          ports: ["«9200:9200»"]
        `,
      ),
    },
    {
      title: 'OpenSearch without its security',
      files: tree(
        'opensearchproject/opensearch:2',
        conf`
          restart: always
          environment:
            DISABLE_SECURITY_PLUGIN: "true"
          ports: ["«9200:9200»"]
        `,
      ),
    },
    {
      title: 'PostgreSQL that trusts everybody',
      files: tree(
        'postgres:16',
        conf`
          restart: always
          environment:
            POSTGRES_HOST_AUTH_METHOD: trust
          ports: ["«5432:5432»"]
        `,
      ),
    },
    {
      title: 'CouchDB before release 3, which takes everybody for its administrator',
      files: tree('couchdb:2.3', 'restart: always\nports: ["«5984:5984»"]'),
    },
    {
      title: 'Redis that is allowed to have no password',
      files: tree(
        'bitnami/redis:7.2',
        conf`
          restart: always
          environment:
            ALLOW_EMPTY_PASSWORD: "yes"
          ports: ["«6379:6379»"]
        `,
      ),
    },
  ],
  good: [
    {
      title: 'Elasticsearch and OpenSearch as they are, and CouchDB of a release that wants an administrator',
      files: {
        'docker-compose.yml': conf`
          services:
            search:
              image: elasticsearch:8.15.0
              restart: always
              ports: ["9200:9200"]
            logs:
              image: opensearchproject/opensearch:2
              restart: always
              ports: ["9201:9200"]
            documents:
              image: couchdb:3
              restart: always
              ports: ["5984:5984"]
        `,
      },
    },
    {
      title: 'Dragonfly with a password',
      files: tree(
        'docker.dragonflydb.io/dragonflydb/dragonfly',
        conf`
          restart: always
          command: dragonfly --requirepass shop
          ports: ["6379:6379"]
        `,
      ),
    },
    {
      title: 'what a test compares the output of a program with',
      files: {
        'tests/files/docker-compose.exp.yml': conf`
          services:
            redis:
              image: redis:7
              ports: ["6379:6379"]
        `,
      },
    },
    {
      title: 'PostgreSQL in a file for developers',
      files: {
        'docker-compose-dev.yml': conf`
          services:
            db:
              image: postgres:16
              environment:
                POSTGRES_PASSWORD: shop
              ports: ["5432:5432"]
        `,
      },
    },
    {
      title: 'PostgreSQL that starts for developers alone',
      files: tree('postgres:16', 'profiles: [dev, debug]\nports: ["5432:5432"]'),
    },
    {
      title: 'an image that does not start without a password',
      files: tree('bitnami/redis:7.2', 'restart: always\nports: ["6379:6379"]'),
    },
    { title: 'on loopback', files: tree('redis:7', 'ports: ["127.0.0.1:6379:6379"]') },
    { title: 'a private network', files: tree('redis:7', 'ports: ["10.0.0.5:6379:6379"]') },
    { title: 'for the other services alone', files: tree('redis:7', 'expose: ["6379"]') },
    {
      title: 'with a password',
      files: tree('redis:7', 'command: redis-server --requirepass ${REDIS_PASSWORD}\nports: ["6379:6379"]'),
    },
  ],
  *check(deployment) {
    for (const { project, hostFiles } of composeProjects(deployment)) {
      const services = [...project.services.values()]
      // What serves a site is to run for good, and with it what it needs.
      const isForGood = services.some(isKept) && services.some(isOfSite)
      const isForWork = services.some(waits)
      for (const service of services)
        yield* published(service, deployment, hostFiles, !isForWork && (isForGood || isKept(service)))
    }
  },
})

function* published(
  service: ComposeService,
  { within }: Deployment,
  files: FileSystem,
  isForGood: boolean,
): Iterable<RuleFinding> {
  const image = databaseOf(service)
  if (image === null) return
  const isOpened = isOpenedByVariable(service, files, image)
  const database = isOpened ? { ...image, asks: false } : image
  if (!isOpened && (image.opened === 'only' || isGuarded(service, files, image))) return
  for (const { at, hostIp, target } of service.ports) {
    if (hostIp !== null && !(hostIp.known && hostIp.value === '0.0.0.0')) continue
    if (!target.known || !database.ports.includes(target.value.first)) continue
    // With a password, on the machine of who develops it, the port is what it is there for.
    const isOfDevelopers = OF_DEVELOPERS.test(below(at.source.path, within)) || startsForDevelopers(service)
    if (database.asks && isOfDevelopers) continue
    yield {
      at,
      ...((database.asks || !isForGood || isOfDevelopers) && { severity: 'info' as const }),
      message: `${database.name} answers on every address of the host${database.asks ? '' : ', and asks for no password'}`,
      label: 'no address in front',
    }
  }
}

interface Database {
  readonly name: string
  readonly ports: readonly number[]
  /** True where the image wants a password by itself. */
  readonly asks: boolean
  /** `only` where it answers everybody by a variable alone. */
  readonly opened?: 'only'
}

const DATABASES: Readonly<Record<string, Database>> = {
  redis: { name: 'Redis', ports: [6379], asks: false },
  'redis-stack': { name: 'Redis', ports: [6379], asks: false },
  'redis-stack-server': { name: 'Redis', ports: [6379], asks: false },
  valkey: { name: 'Valkey', ports: [6379], asks: false },
  keydb: { name: 'KeyDB', ports: [6379], asks: false },
  dragonfly: { name: 'Dragonfly', ports: [6379], asks: false },
  memcached: { name: 'Memcached', ports: [11211], asks: false },
  mongo: { name: 'MongoDB', ports: [27017], asks: false },
  rethinkdb: { name: 'RethinkDB', ports: [28015, 8080], asks: false },
  elasticsearch: { name: 'Elasticsearch', ports: [9200], asks: false },
  opensearch: { name: 'OpenSearch', ports: [9200], asks: false, opened: 'only' },
  couchdb: { name: 'CouchDB', ports: [5984], asks: false },
  postgres: { name: 'PostgreSQL', ports: [5432], asks: true },
  mysql: { name: 'MySQL', ports: [3306], asks: true },
  mariadb: { name: 'MariaDB', ports: [3306], asks: true },
}

/** Releases from which on an image asks for a password by itself, or does not start without one. */
const ASKING_SINCE: Readonly<Record<string, number>> = { elasticsearch: 8, couchdb: 3 }

/** These images end where neither a password nor a variable that allows none is set. */
const OF_BITNAMI = /(?:^|\/)bitnami(?:legacy)?\/(?:redis|valkey|keydb)(?:[:@]|$)/

function databaseOf({ image }: ComposeService): Database | null {
  if (image?.known !== true) return null
  const [, name = '', release] = /([^/:@]+)(?::(?:v?(\d+))?[^/@]*)?(?:@.*)?$/.exec(image.value) ?? []
  const found = Object.hasOwn(DATABASES, name) ? (DATABASES[name] ?? null) : null
  const since = ASKING_SINCE[name]
  if (found !== null && OF_BITNAMI.test(image.value)) return { ...found, opened: 'only' }
  if (found === null || since === undefined) return found
  return release !== undefined && Number(release) < since ? found : { ...found, opened: 'only' }
}

/** Variables with which an image answers everybody. */
const OPENING: ReadonlyMap<string, RegExp> = new Map([
  ['xpack.security.enabled', /^false$/i],
  ['DISABLE_SECURITY_PLUGIN', /^true$/i],
  ['plugins.security.disabled', /^true$/i],
  ['POSTGRES_HOST_AUTH_METHOD', /^trust$/i],
  ['ALLOW_EMPTY_PASSWORD', /^(?:yes|true|1)$/i],
  ['MYSQL_ALLOW_EMPTY_PASSWORD', /^.+$/],
  ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', /^.+$/],
])

/** True where a variable turns off what would ask for a password, and none gives one. */
function isOpenedByVariable(service: ComposeService, files: FileSystem, { asks, name }: Database): boolean {
  const { variables, complete } = serviceVariables(service, files)
  const isOpening = (variable: string, value: string): boolean => OPENING.get(variable)?.test(value) === true
  if (
    !complete ||
    !variables.some(each => each.value?.known === true && isOpening(each.name, each.value.value))
  )
    return false
  const others = variables.filter(each => !OPENING.has(each.name))
  // PostgreSQL makes a password, and then asks for none.
  if (name === 'PostgreSQL') return true
  if (
    others.some(
      each => /PASS|AUTH/i.test(each.name) && !(each.value?.known === true && each.value.value === ''),
    )
  )
    return false
  return asks || !isGuarded({ ...service, envFiles: [], environment: [] }, files, { asks })
}

/** Files and directories of what runs on the machine of a developer, or for tests. */
const OF_DEVELOPERS =
  /(?:^|[/._-])(?:tests?|testing|ci|e2e|dev|devel|development|devcontainer|local|localhost)(?=[/._-]|$)/i

/** True for a service that starts with the profiles of developers alone. */
function startsForDevelopers({ profiles }: ComposeService): boolean {
  return (
    profiles.length > 0 &&
    profiles.every(
      profile => profile.known && (profile.value === 'debug' || OF_DEVELOPERS.test(profile.value)),
    )
  )
}

/** True for a container that only waits, for a person to work in it. */
function waits({ command, entrypoint }: ComposeService): boolean {
  return [entrypoint, command].some(each =>
    /^(?:sleep infinity|tail -f \/dev\/null)$/.test(each?.words.map(({ text }) => text).join(' ') ?? ''),
  )
}

/** True for a service to which browsers come. */
function isOfSite({ ports }: ComposeService): boolean {
  return ports.some(({ published: port }) => port?.known === true && [80, 443].includes(port.value.first))
}

/** True for a service that is to run for good. */
function isKept({ restart }: ComposeService): boolean {
  return restart?.known === true && /^(?:always|unless-stopped|on-failure)/.test(restart.value)
}

/** True where a password, or a file that may hold one, is given to a program that asks for none by itself. */
function isGuarded(service: ComposeService, files: FileSystem, { asks }: Pick<Database, 'asks'>): boolean {
  if (asks) return false
  const { command, volumes, configs } = service
  const given = serviceVariables(service, files)
  if (command?.words.some(({ text }) => /pass|auth|acl|\.conf$|bind/i.test(text)) === true) return true
  if (!given.complete || given.variables.some(({ name }) => /PASS|SECURITY|AUTH/i.test(name))) return true
  return (
    configs.length > 0 || volumes.some(({ target }) => !target.known || /\.conf$|\/etc\//.test(target.value))
  )
}
