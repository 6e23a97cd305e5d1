import { memo } from '../../parsers/collections/memo.ts'
import type { ComposeProject, ComposeService } from '../../parsers/compose/compose.ts'
import type { Place } from '../../parsers/text/source.ts'
import { composeProjects } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import { optionsGone } from './_mysql-options.ts'

const tree = (service: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
      db:
        ${service}
  `,
})

export default defineRule({
  summary: 'The image of a database refuses to start with these settings',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of PostgreSQL, MySQL and MariaDB make a database at their first start, and want a password for it: `Database is uninitialized and superuser password is not specified`. That of Elasticsearch wants to know the other nodes, or that there is none. MySQL does not take `root` for the name of a further user, and 8.4 ends at `--default-authentication-plugin`, which it has no more. PostgreSQL 18 and newer refuse a volume at the directory of the older images. The container ends, and everything that waits for it.',
  remedy: 'Set `POSTGRES_PASSWORD`, or `MYSQL_ROOT_PASSWORD`, in the environment of the service',
  references: [
    'https://hub.docker.com/_/postgres',
    'https://hub.docker.com/_/mysql',
    'https://www.elastic.co/guide/en/elasticsearch/reference/current/bootstrap-checks.html',
    'https://github.com/docker-library/postgres/pull/658',
    'https://github.com/docker-library/postgres/pull/1259',
  ],
  unproven: 'The live tests start no containers, and the script of an image refuses them',
  bad: [
    {
      title: 'a password and a file of it',
      files: tree(conf`
        image: postgres:16
        environment:
          POSTGRES_PASSWORD: a
          «POSTGRES_PASSWORD_FILE: /run/secrets/password»
      `),
    },
    {
      title: 'PostgreSQL without a password',
      files: tree(conf`
        image: «postgres:16»
        environment:
          POSTGRES_DB: shop
      `),
    },
    {
      title: 'a file of variables in which the password has another name',
      files: {
        ...tree(conf`
          image: «postgres:16»
          env_file: db.env
        `),
        'db.env': 'POSTGRES_DB=shop\nPOSTGRES_PASS=a\n',
      },
    },
    {
      title: 'Elasticsearch that waits for other nodes',
      files: tree(conf`
        image: «docker.elastic.co/elasticsearch/elasticsearch:8.13.0»
        environment:
          - xpack.security.enabled=false
      `),
    },
    {
      title: 'an option that MySQL has no more',
      files: tree(conf`
        image: mysql:8.4
        command: «--default-authentication-plugin=mysql_native_password»
        environment:
          MYSQL_ROOT_PASSWORD: a
      `),
    },
    {
      title: 'an option that the newest MySQL has no more',
      files: tree(conf`
        image: mysql
        command: ["mysqld", "«--mysql-native-password=ON»"]
        environment:
          MYSQL_ROOT_PASSWORD: a
      `),
    },
    { title: 'MariaDB without one', files: tree('image: «mariadb:11»') },
    {
      title: 'root as a further user',
      files: tree(conf`
        image: mysql:8.4
        environment:
          MYSQL_ROOT_PASSWORD: a
          MYSQL_USER: «root»
          MYSQL_PASSWORD: b
      `),
    },
    {
      title: 'a volume where the newest PostgreSQL has none',
      files: tree(conf`
        image: postgres:alpine
        environment: { POSTGRES_PASSWORD: a }
        volumes: ["«./data:/var/lib/postgresql/data»"]
      `),
    },
    {
      title: 'a volume where PostgreSQL 18 has none',
      files: tree(conf`
        image: postgres:18-alpine
        environment: { POSTGRES_PASSWORD: a }
        volumes: ["«./data:/var/lib/postgresql/data»"]
      `),
    },
  ],
  good: [
    {
      title: 'options of a MySQL that has them',
      files: tree(conf`
        image: mysql:8.0
        command: --default-authentication-plugin=mysql_native_password
        environment:
          MYSQL_ROOT_PASSWORD: a
      `),
    },
    {
      title: 'the option of MySQL 8.4',
      files: tree(conf`
        image: mysql:8.4
        command: --mysql-native-password=ON --loose-default-authentication-plugin=mysql_native_password
        environment:
          MYSQL_ROOT_PASSWORD: a
      `),
    },
    {
      title: 'Elasticsearch alone',
      files: tree(conf`
        image: elasticsearch:8.13.0
        environment:
          discovery.type: single-node
      `),
    },
    {
      title: 'Elasticsearch 8 that sets itself up',
      files: tree(conf`
        image: docker.elastic.co/elasticsearch/elasticsearch:8.13.0
        environment:
          ELASTIC_PASSWORD: one-password
      `),
    },
    {
      title: 'Elasticsearch that listens for other nodes on loopback, as Graylog documents it',
      files: tree(conf`
        image: docker.elastic.co/elasticsearch/elasticsearch-oss:7.10.2
        environment:
          - http.host=0.0.0.0
          - transport.host=localhost
          - network.host=0.0.0.0
      `),
    },
    {
      title: 'a password between quotes that whoever copies the file sets',
      files: tree(conf`
        image: mysql:5.7
        environment:
          - "MYSQL_USER=shop"
          # - "MYSQL_ROOT_PASSWORD="
      `),
    },
    {
      title: 'Elasticsearch with a file of its own',
      files: tree(conf`
        image: elasticsearch:7.17.0
        volumes: ["./elasticsearch.yml:/usr/share/elasticsearch/config/elasticsearch.yml"]
      `),
    },
    {
      title: 'a file that Compose takes with another one alone, which may set it',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              restart: always
              depends_on: [db]
            db:
              image: postgres:16
        `,
      },
    },
    {
      title: 'a password',
      files: tree(conf`
        image: postgres:16
        environment:
          POSTGRES_PASSWORD: \${DB_PASSWORD}
      `),
    },
    {
      title: 'a password of the environment of Compose',
      files: tree(conf`
        image: postgres:16
        environment:
          - POSTGRES_PASSWORD
      `),
    },
    {
      title: 'a file of variables',
      files: tree(conf`
        image: postgres:16
        env_file: .env
      `),
    },
    {
      title: 'a password in a file of variables',
      files: {
        ...tree(conf`
          image: postgres:16
          env_file: db.env
        `),
        'db.env': 'POSTGRES_DB=shop\nPOSTGRES_PASSWORD=a\n',
      },
    },
    {
      title: 'a file of variables that leaves the password to whoever copies it',
      files: {
        ...tree(conf`
          image: postgres:16
          env_file: db.env
        `),
        'db.env': 'POSTGRES_DB=shop\n# POSTGRES_PASSWORD=\n',
      },
    },
    {
      title: 'a variable that its file leaves to whoever copies it',
      files: {
        ...tree(conf`
          image: postgres:16
          environment:
            - POSTGRES_PASSWORD=\${DB_PASSWORD}
        `),
        '.env': conf`
          # a long one
          DB_PASSWORD=
        `,
      },
    },
    {
      title: 'a place for the password of whoever copies the file',
      files: tree(conf`
        image: postgres:16
        environment:
          - POSTGRES_USER=shop
          - POSTGRES_PASSWORD=
      `),
    },
    {
      title: 'a secret',
      files: tree(conf`
        image: postgres:16
        environment:
          POSTGRES_PASSWORD_FILE: /run/secrets/db
      `),
    },
    {
      title: 'nobody is asked',
      files: tree(conf`
        image: postgres:16
        environment:
          POSTGRES_HOST_AUTH_METHOD: trust
      `),
    },
    {
      title: 'the directory above for PostgreSQL 18',
      files: tree(conf`
        image: postgres:18
        environment: { POSTGRES_PASSWORD: a }
        volumes: ["./data:/var/lib/postgresql"]
      `),
    },
    {
      title: 'the directory of the releases before',
      files: tree(conf`
        image: postgres:17-alpine
        environment: { POSTGRES_PASSWORD: a }
        volumes: ["./data:/var/lib/postgresql/data"]
      `),
    },
    {
      title: 'a directory of its own choice',
      files: tree(conf`
        image: postgres:18
        environment: { POSTGRES_PASSWORD: a, PGDATA: /var/lib/postgresql/data/db }
        volumes: ["./data:/var/lib/postgresql/data"]
      `),
    },
    { title: 'an image from before it asked for one', files: tree('image: postgres:9.6.5-alpine') },
    { title: 'a release of which none was made since', files: tree('image: postgres:9.3') },
    {
      title: 'a password that whoever copies the file sets',
      files: tree(conf`
        image: postgres:16
        environment:
          - POSTGRES_USER=shop
          # - POSTGRES_PASSWORD=
      `),
    },
    {
      title: 'variables that a template writes',
      files: tree(conf`
        image: postgres:16
        environment:
          {% for name, value in database.items() %}
          - {{ name }}={{ value }}
          {% endfor %}
      `),
    },
    { title: 'another command', files: tree('image: postgres:16\ncommand: sleep infinity') },
    { title: 'another image', files: tree('image: bitnami/mariadb:11') },
  ],
  *check(deployment) {
    for (const { project, hostFiles } of composeProjects(deployment)) {
      if (!isWhole(project)) continue
      for (const service of project.services.values()) {
        const has = isSetIn(service, hostFiles)
        const image = service.image?.known === true ? service.image.value : ''
        const [, elastic] = ELASTICSEARCH.exec(image) ?? []
        if (elastic !== undefined) yield* aloneElasticsearch(service, Number(elastic), has)
        const [, kind, version] = IMAGE.exec(image) ?? []
        if (kind === undefined || !service.complete || service.build !== null || service.entrypoint !== null)
          continue
        const [program] = service.command?.words ?? []
        if (program !== undefined && !/^(?:-|(?:postgres|mysqld|mariadbd)$)/.test(program.text)) continue
        yield* setTwice(service)
        yield* kind === 'postgres'
          ? refusedByPostgres(service, version, has)
          : refusedByMysql(service, kind, has)
      }
    }
  },
})

/** False for a file that Compose refuses without another one, which may set more than an image. */
const isWhole = memo((project: ComposeProject): boolean =>
  [...project.services.values()].every(
    ({ image, build, complete }) => image !== null || build !== null || !complete,
  ),
)

const IMAGE = /^(?:docker\.io\/)?(?:library\/)?(postgres|mysql|mariadb)(?::(\d+)|[:@]|$)/

/**
 * Releases whose images were last made before they asked for a password (February 2020).
 * https://github.com/docker-library/postgres/pull/658
 */
const BEFORE_PASSWORDS =
  /:(?:9\.[0-3](?!\d)|9\.4\.(?:1?\d|2[0-5])(?!\d)|9\.5\.(?:1?\d|20)(?!\d)|9\.6\.(?:\d|1[0-6])(?!\d)|10\.(?:\d|1[01])(?!\d)|11\.[0-6](?!\d)|12\.[01](?!\d))/

type IsSet = (name: RegExp) => boolean

/** True also where a template may set it, or a file leaves it to whoever copies it: empty, or in a comment. */
function isSetIn(service: ComposeService, files: FileSystem): IsSet {
  const { variables, sources, complete } = serviceVariables(service, files)
  const all = [service.at.source, ...sources]
  return pattern =>
    !complete ||
    all.some(({ branches }) => branches.length > 0) ||
    variables.some(({ name }) => pattern.test(name)) ||
    all.some(({ text }) => [...text.matchAll(COMMENTED)].some(([, name = '']) => pattern.test(name)))
}

const COMMENTED = /^[ \t]*#[ \t-]*["']?([A-Z][A-Z_]+)[ \t]*[:=]/gm

/**
 * True where other nodes are listened for on loopback alone, or nobody knows where: Elasticsearch then checks nothing.
 * https://www.elastic.co/guide/en/elasticsearch/reference/7.17/bootstrap-checks.html
 */
function hearsItselfAlone({ environment }: ComposeService): boolean {
  return environment.some(
    ({ name, value }) =>
      /^(?:transport\.(?:bind_|publish_)?|network\.)host$/.test(name) &&
      !(value?.known === true && value.value === '0.0.0.0'),
  )
}

function imagePlace({ image, at }: ComposeService): Place {
  return image?.at ?? at
}

/** What the entry point reads from a variable or from a file, and never from both. */
function* setTwice({ environment }: ComposeService) {
  for (const { name, value, at } of environment) {
    const file = environment.find(each => each.name === `${name}_FILE`)
    if (!ONCE.test(name) || value?.known !== true || value.value === '' || file?.value?.known !== true)
      continue
    if (file.value.value === '') continue
    yield {
      at: file.at,
      message: `the image ends at once: both ${name} and ${name}_FILE are set (but are exclusive)`,
      label: 'set twice',
      related: [{ at, message: 'set here as well' }],
      help: `Take one of the two away`,
    }
  }
}

const ONCE =
  /^(?:POSTGRES_(?:PASSWORD|USER|DB|INITDB_ARGS)|(?:MYSQL|MARIADB)_(?:ROOT_PASSWORD|PASSWORD|USER|DATABASE))$/

function* refusedByPostgres(service: ComposeService, version: string | undefined, has: IsSet) {
  const asks = !BEFORE_PASSWORDS.test(service.image?.known === true ? service.image.value : '')
  if (asks && !has(/^POSTGRES_(?:PASSWORD(?:_FILE)?|HOST_AUTH_METHOD)$/))
    yield {
      at: imagePlace(service),
      message:
        'no `POSTGRES_PASSWORD` is set, so the image makes no database and ends: superuser password is not specified',
      label: 'no password',
      related: [{ at: service.at, message: 'the service' }],
    }
  const isNewest = service.image?.known === true && NEWEST_POSTGRES.test(service.image.value)
  if ((version === undefined ? !isNewest : Number(version) < 18) || has(/^PGDATA$/)) return
  const release = version ?? '18'
  for (const { target, at } of service.volumes) {
    if (!target.known || target.value.replace(/\/$/, '') !== '/var/lib/postgresql/data') continue
    yield {
      at,
      message: `${version === undefined ? 'the newest image of PostgreSQL, 18 or later,' : `the image of PostgreSQL ${version}`} keeps its data in \`/var/lib/postgresql/${release}/docker\`, and ends where a volume stands at \`/var/lib/postgresql/data\``,
      label: 'the directory of older images',
      related: [{ at: imagePlace(service), message: 'the image' }],
      help:
        version === undefined
          ? 'Name the release that made the data (`postgres:17`), or mount a new volume at `/var/lib/postgresql`'
          : 'Mount the volume at `/var/lib/postgresql`',
    }
  }
}

/** What is pulled without a release is the newest one: 18 since September 2025. */
const NEWEST_POSTGRES =
  /^(?:docker\.io\/)?(?:library\/)?postgres(?::(?:latest|alpine(?:3\.\d+)?|bookworm|trixie))?$/

function* refusedByMysql(service: ComposeService, kind: string, has: IsSet) {
  const name = kind === 'mysql' ? 'MYSQL_ROOT_PASSWORD' : 'MARIADB_ROOT_PASSWORD'
  if (
    !has(
      /^(?:MYSQL|MARIADB)_(?:ROOT_PASSWORD(?:_FILE|_HASH(?:_FILE)?)?|(?:ALLOW_EMPTY|RANDOM_ROOT|ALLOW_EMPTY_ROOT)_PASSWORD)$/,
    )
  )
    yield {
      at: imagePlace(service),
      message: `no \`${name}\` is set, so the image makes no database and ends: Database is uninitialized and password option is not specified`,
      label: 'no password',
      related: [{ at: service.at, message: 'the service' }],
      help: `Set \`${name}\` in the environment of the service`,
    }
  if (kind !== 'mysql') return
  yield* optionsGone(service)
  for (const { name: variable, value } of service.environment) {
    if (variable !== 'MYSQL_USER' || value?.known !== true || value.value !== 'root') continue
    yield {
      at: value.at ?? service.at,
      message:
        '`root` is no further user, and the image ends: MYSQL_USER="root", MYSQL_USER and MYSQL_PASSWORD are for configuring a regular user',
      label: 'not for root',
      help: 'Leave `MYSQL_USER` and `MYSQL_PASSWORD` out, or name another user',
    }
  }
}

/** Since version 7 it wants to know how it finds the others, or that there are none. */
const ELASTICSEARCH =
  /^(?:docker\.elastic\.co\/elasticsearch\/|(?:docker\.io\/)?(?:library\/)?)elasticsearch(?:-oss)?:([789])(?:\.|$)/

/**
 * The image listens on all addresses, for which Elasticsearch checks what it is told of other nodes. Version 8 writes
 * that itself where it may set up its security.
 */
function* aloneElasticsearch(service: ComposeService, version: number, has: IsSet) {
  const { complete, build, entrypoint, command, volumes } = service
  if (!complete || build !== null || entrypoint !== null || command !== null) return
  if (hearsItselfAlone(service)) return
  if (has(/^(?:discovery|cluster\.initial\w*|node\.roles)(?:[._]|$)|^ES_SETTING_/i)) return
  if (version > 7 && !has(/^xpack\.security\.enabled$/)) return
  if (volumes.some(({ target }) => !target.known || /\/config(?:\/|$)/.test(target.value))) return
  yield {
    at: imagePlace(service),
    message:
      'no `discovery.type` is set, so Elasticsearch ends: the default discovery settings are unsuitable for production use',
    label: 'waits for other nodes',
    related: [{ at: service.at, message: 'the service' }],
    help: 'Add `discovery.type=single-node` to the environment of the service',
  }
}
