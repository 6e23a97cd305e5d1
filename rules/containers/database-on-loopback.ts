import { readRedisBind } from '../../parsers/redis/read-redis.ts'
import { readMysqlBind } from '../../parsers/mysql/read-bind-address.ts'
import { parsePostgresSettings } from '../../parsers/postgres/parse-settings.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { databaseClients, settingsOfContainers } from './_database-clients.ts'
import { type DatabaseKind, databasesOf } from './_databases.ts'

const tree = (redis: string, lines = '', bind = '127.0.0.1'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        environment:
          REDIS_URL: redis://redis:6379/0
        ${lines}
      redis:
        image: redis:7
        ${redis}
  `,
  'redis/redis.conf': conf`
    bind ${bind}
    port 6379
    appendonly yes
  `,
})
const MOUNTED = conf`
  command: redis-server /etc/redis.conf
  volumes:
    - ./redis/redis.conf:/etc/redis.conf:ro
`
const database = (image: string, command: string, url: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        environment:
          DATABASE_URL: ${url}
      db:
        image: ${image}
        command: ${command}
  `,
})

export default defineRule({
  summary: 'A database listens on the loopback of its container alone',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each container has a loopback of its own, and another container connects by the network that both are on. What was right for a database beside its application on one host is out of reach here: `Connection refused`.',
  remedy:
    'Bind all addresses of the container (`bind * -::*`, `--bind-address=0.0.0.0`, `listen_addresses=*`) and publish no port, so that the containers of its networks alone reach it',
  references: [
    'https://redis.io/docs/latest/operate/oss_and_stack/management/security/#network-security',
    'https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_bind_address',
    'https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-LISTEN-ADDRESSES',
  ],
  unproven: 'The live tests start no containers',
  bad: [
    { title: 'the file of a package of Redis', files: tree(MOUNTED, '', '«127.0.0.1 -::1»') },
    {
      title: 'the command of Redis',
      files: tree('command: redis-server --bind «127.0.0.1» --appendonly yes'),
    },
    {
      title: 'MySQL',
      files: database('mysql:8.4', 'mysqld «--bind-address=127.0.0.1»', 'mysql://shop@db/shop'),
    },
    {
      title: 'PostgreSQL',
      files: database('postgres:17', 'postgres -c «listen_addresses=localhost»', 'postgres://shop@db/shop'),
    },
    {
      title: 'a file of its own for PostgreSQL, which leaves the default',
      files: {
        ...database(
          'postgres:17',
          'postgres -c config_file=/etc/postgresql.conf\n    volumes: ["./postgresql.conf:/etc/postgresql.conf:ro"]',
          'postgres://shop@db/shop',
        ),
        'postgresql.conf': conf`
          «#listen_addresses = 'localhost'»
          max_connections = 200
        `,
      },
    },
    {
      title: 'the file of a package of MySQL',
      files: {
        ...database(
          'mariadb:11',
          'mariadbd\n    volumes: ["./my.cnf:/etc/mysql/conf.d/my.cnf:ro"]',
          'mysql://shop@db/shop',
        ),
        'my.cnf': conf`
          [mysqld]
          max_allowed_packet = 64M
          bind-address = «127.0.0.1»
        `,
      },
    },
  ],
  good: [
    {
      title: 'a file of PostgreSQL that listens everywhere, and one of MySQL for clients',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              environment:
                DATABASE_URL: postgres://shop@db/shop
                OTHER_URL: mysql://shop@old/shop
            db:
              image: postgres:17
              command: postgres -c config_file=/etc/postgresql.conf
              volumes: ["./postgresql.conf:/etc/postgresql.conf:ro"]
            old:
              image: mysql:8.4
              volumes: ["./my.cnf:/etc/mysql/conf.d/my.cnf:ro"]
        `,
        'postgresql.conf': "listen_addresses = '*'\n",
        'my.cnf': '[client]\nbind-address = 127.0.0.1\n',
      },
    },
    { title: 'every address', files: tree(MOUNTED, '', '0.0.0.0 -::*') },
    {
      title: 'a file that the command does not name',
      files: tree('volumes: [./redis:/usr/local/etc/redis]'),
    },
    {
      title: 'the command says it after the file',
      files: tree(MOUNTED.replace('.conf\n', '.conf --bind 0.0.0.0\n')),
    },
    {
      title: 'nobody connects to it',
      files: Object.fromEntries(
        Object.entries(tree(MOUNTED)).map(([path, text]) => [
          path,
          text.replace('redis://redis:', 'redis://other:'),
        ]),
      ),
    },
    {
      title: 'a client in the network of the database',
      files: tree(MOUNTED, 'network_mode: "service:redis"'),
    },
    {
      title: 'a container that joins it',
      files: {
        ...tree(MOUNTED),
        'docker-compose.yml': conf`
          ${tree(MOUNTED)['docker-compose.yml'] ?? ''}
            proxy:
              image: alpine/socat
              network_mode: "service:redis"
        `,
      },
    },
  ],
  *check(deployment) {
    const settings = settingsOfContainers(deployment)
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete || container.service.networkMode !== null)
        continue
      const databases = databasesOf(container)
      if (databases.size === 0 || [...databases.values()].some(each => each.service === container.service))
        continue
      for (const client of databaseClients(container, settings.get(container) ?? [], databases)) {
        const found = databases.get(client.host)
        if (found === undefined || (client.kind !== null && client.kind !== found.kind)) continue
        const own = deployment.machines.find(each => each.container?.service === found.service)?.container
        const bound = own == null || isJoined(own) ? null : loopbackOf(own, found.kind)
        if (bound === null) continue
        yield {
          at: bound,
          message: `${found.kind} listens on the loopback of its container, and \`${container.service.name}\` connects from another one: Connection refused`,
          label: 'the loopback of the container',
          related: [{ at: client.at, message: 'connects here' }],
        }
      }
    }
  },
})

/** True where another container shares its loopback, and may pass on what it gets. */
function isJoined({ project, service }: Container): boolean {
  return [...project.services.values()].some(({ networkMode }) => {
    if (networkMode === null) return false
    return (
      !networkMode.known ||
      networkMode.value === `service:${service.name}` ||
      networkMode.value.startsWith('container:')
    )
  })
}

const OPTION = /^(?:--bind[-_]address|listen_addresses|--listen_addresses|--bind_ip)=(.*)$/

/** Where its command, or a file that it reads, binds loopback alone; null where it does not, or nobody knows. */
function loopbackOf(container: Container, kind: DatabaseKind): Place | null {
  const { command, entrypoint } = container.service
  if (entrypoint !== null || container.image !== null || (command !== null && command.rest !== null))
    return null
  const words = command?.words ?? []
  if (words.some(({ text }) => /[$\0\uFFFD]/.test(text))) return null
  const option = words.findLast(({ text }) => OPTION.test(text))
  if (option !== undefined)
    return areLoopback(OPTION.exec(option.text)![1]!.split(',')) ? placeOf(option) : null
  const start = words.findLastIndex(({ text }) => /^--bind(?:_ip)?$/.test(text))
  if (start !== -1) {
    const rest = words.slice(start + 1)
    const end = rest.findIndex(({ text }) => text.startsWith('--'))
    const addresses = (end === -1 ? rest : rest.slice(0, end)).flatMap(({ text }) => text.split(','))
    return areLoopback(addresses) ? placeOf(rest[0]!) : null
  }
  if (kind === 'PostgreSQL') return loopbackOfPostgres(container, words)
  return kind === 'MySQL' ? loopbackOfMysql(container) : loopbackOfRedis(container, words)
}

function loopbackOfRedis(container: Container, words: readonly WrittenText[]): Place | null {
  const named = words.find(({ text }) => /^\/\S+\.conf$/.test(text))?.text
  if (named === undefined || !/(?:redis|valkey)-server$/.test(words[0]?.text ?? '')) return null
  const source = mountedFile(container, named)
  const bind = source === null ? null : readRedisBind(source)
  return bind !== null && areLoopback(bind.addresses) ? bind.at : null
}

/** The image brings a file that listens everywhere; one of its own that says nothing has the default, `localhost`. */
function loopbackOfPostgres(container: Container, words: readonly WrittenText[]): Place | null {
  const option = words.findLast(({ text }) => CONFIG_FILE.test(text))
  const source = option === undefined ? null : mountedFile(container, CONFIG_FILE.exec(option.text)![1]!)
  if (option === undefined || source === null) return null
  const settings = parsePostgresSettings(source)
  if (settings.some(({ name }) => name.startsWith('include'))) return null
  const found = settings.findLast(({ name }) => name === 'listen_addresses')
  if (found !== undefined) {
    const { start, end } = found
    return areLoopback(found.value.split(',')) ? { source, start, end } : null
  }
  const { 0: comment = '', index = 0 } = /^#[ \t]*listen_addresses\b[^#\n]*/m.exec(source.text) ?? {}
  return comment === '' ? placeOf(option) : { source, start: index, end: index + comment.trimEnd().length }
}

const CONFIG_FILE = /^(?:--)?config[-_]file=(.+)$/

/** Of several files that say it the last one counts, and which that is depends on more than their names. */
function loopbackOfMysql(container: Container): Place | null {
  const said = container.mounts.flatMap(({ target, path }) => {
    if (path === null || !/^\/etc\/(?:mysql\/|my\.cnf)/.test(target)) return []
    const files = target.endsWith('.cnf')
      ? [path]
      : (container.hostFiles.list(path) ?? []).flatMap(({ name }) =>
          name.endsWith('.cnf') ? [`${path}/${name}`] : [],
        )
    return files.flatMap(file => {
      const source = sourceAt(container.hostFiles, file)
      return source === null || source.template ? [] : (readMysqlBind(source) ?? [])
    })
  })
  const [bind, ...others] = said
  return bind !== undefined && others.length === 0 && areLoopback([bind.address]) ? bind.at : null
}

function mountedFile({ mounts, hostFiles }: Container, named: string): Source | null {
  const mount = mounts.find(({ target }) => named === target || named.startsWith(`${target}/`))
  const path = mount?.path == null ? null : mount.path + named.slice(mount.target.length)
  const source = path === null ? null : sourceAt(hostFiles, path)
  return source === null || source.template ? null : source
}

function areLoopback(addresses: readonly string[]): boolean {
  return (
    addresses.length > 0 &&
    addresses.every(each => /^-?(?:127\.\d+\.\d+\.\d+|::1|localhost)$/.test(each.trim()))
  )
}
