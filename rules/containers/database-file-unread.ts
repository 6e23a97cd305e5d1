import { posix } from 'node:path'
import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { commandText } from '../../parsers/dockerfile/command-text.ts'
import { isBelow } from '../../parsers/text/is-below.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import { type RunImage, runImages } from './_images.ts'

const tree = (service: string, more: Record<string, string> = {}): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
      store:
        ${service}
  `,
  'files/own.conf': '# settings\n',
  ...more,
})
const mounting = (image: string, volume: string, more = ''): Record<string, string> =>
  tree(conf`
    image: ${image}
    volumes: ["${volume}"]
    ${more}
  `)
const POSTGRES = './files/own.conf:/etc/postgresql/postgresql.conf'
const REDIS = './files/own.conf:/usr/local/etc/redis/redis.conf'

export default defineRule({
  summary: 'A configuration file stands in the container of a database that does not read it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'The images of databases start their program as it comes: PostgreSQL reads `postgresql.conf` and `pg_hba.conf` in the directory of its data, Redis no file at all (`Warning: no config file specified, using the default config`), `mongod` none without `--config`, and MySQL the files of `/etc/mysql/conf.d` that end in `.cnf`. Of a file elsewhere nothing is said, and nothing of it holds: no limit of memory, no password, no persistence.',
  remedy:
    'Name the file in `command`: `postgres -c config_file=/etc/postgresql/postgresql.conf` (which then needs `listen_addresses`), `redis-server /usr/local/etc/redis/redis.conf`, `mongod --config /etc/mongod.conf`',
  references: [
    'https://hub.docker.com/_/postgres',
    'https://hub.docker.com/_/redis',
    'https://www.postgresql.org/docs/current/runtime-config-file-locations.html',
    'https://dev.mysql.com/doc/refman/8.4/en/option-files.html',
  ],
  unproven: 'The live tests start no databases in containers: what an image reads, its page says',
  bad: [
    { title: 'PostgreSQL', files: mounting('postgres:16', `«${POSTGRES}»`) },
    {
      title: 'PostgreSQL with another setting on its command',
      files: mounting(
        'postgis/postgis:16-3.4',
        '«./files/own.conf:/etc/postgresql.conf:Z»',
        'command: postgres -c shared_buffers=1GB',
      ),
    },
    {
      title: 'who may log in',
      files: mounting('postgres:16', '«./files/own.conf:/etc/postgresql/pg_hba.conf»'),
    },
    { title: 'Redis', files: mounting('redis:7-alpine', `«${REDIS}»`) },
    {
      title: 'Redis with an option',
      files: mounting('redis:7', `«${REDIS}»`, 'command: redis-server --appendonly yes'),
    },
    { title: 'MongoDB', files: mounting('mongo:7', '«./files/own.conf:/etc/mongod.conf»') },
    {
      title: 'an ending that MySQL does not read',
      files: mounting('mysql:8.4', '«./files/own.conf:/etc/mysql/conf.d/own.conf»'),
    },
    {
      title: 'a directory of Debian, which the image of MySQL has no more',
      files: mounting('mysql:8.4', '«./files/own.conf:/etc/mysql/mysql.conf.d/own.ini»'),
    },
    {
      title: 'an image of its own',
      files: tree('build: ./files', {
        'files/Dockerfile': conf`
          FROM redis:7
          «COPY» own.conf /usr/local/etc/redis/redis.conf
        `,
      }),
    },
  ],
  good: [
    {
      title: 'PostgreSQL that is told of it',
      files: mounting(
        'postgres:16',
        POSTGRES,
        'command: ["postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"]',
      ),
    },
    {
      title: 'in the directory of the data',
      files: mounting('postgres:16', './files/own.conf:/var/lib/postgresql/data/postgresql.conf'),
    },
    {
      title: 'a script of the first start that copies it',
      files: tree(
        conf`
          image: postgres:16
          volumes:
            - ./files/own.conf:/etc/postgresql/postgresql.conf
            - ./files/init.sh:/docker-entrypoint-initdb.d/init.sh
        `,
        { 'files/init.sh': 'cp /etc/postgresql/postgresql.conf "$PGDATA"\n' },
      ),
    },
    {
      title: 'Redis that is told of it',
      files: mounting('redis:7', REDIS, 'command: redis-server /usr/local/etc/redis/redis.conf'),
    },
    {
      title: 'Redis by its directory',
      files: mounting(
        'redis:7',
        './files:/usr/local/etc/redis',
        'command: redis-server /usr/local/etc/redis/own.conf',
      ),
    },
    {
      title: 'an image of its own that is told of it',
      files: tree('build: ./files', {
        'files/Dockerfile': conf`
          FROM redis:7
          COPY own.conf /usr/local/etc/redis/redis.conf
          CMD ["redis-server", "/usr/local/etc/redis/redis.conf"]
        `,
      }),
    },
    { title: 'a start of its own', files: mounting('redis:7', REDIS, 'entrypoint: /start.sh') },
    { title: 'an image of somebody else', files: mounting('example/redis:7', REDIS) },
    {
      title: 'where MySQL reads',
      files: mounting('mysql:8.4', './files/own.conf:/etc/mysql/conf.d/own.cnf'),
    },
  ],
  *check(deployment) {
    for (const run of runImages(deployment)) {
      const program = PROGRAMS.find(({ image }) => image.test(run.base ?? ''))
      // A start of its own may copy the file where the program reads it.
      if (program === undefined || run.command === undefined || run.fault !== null) continue
      if (run.mounts.some(isUnseenScript)) continue
      const told = toldIn(run)
      for (const mount of run.mounts) {
        const { target, at } = mount
        const elsewhere = program.elsewhere(target)
        if (elsewhere === null || (mount.path !== null && run.files.kind(mount.path) === 'directory'))
          continue
        if (told.some(text => names(text, target))) continue
        yield {
          at,
          message: `\`${run.reference ?? run.base}\` ${elsewhere}, and no option names \`${target}\`, so it has no effect`,
          label: 'not read',
          help: program.help(target),
        }
      }
    }
  },
})

interface Program {
  readonly image: RegExp
  /** What is read instead of a configuration file at this path; null where the path is read, or is none of its. */
  readonly elsewhere: (target: string) => string | null
  readonly help: (target: string) => string
}

const PROGRAMS: readonly Program[] = [
  {
    image:
      /^(?:postgres|postgis\/postgis|timescale\/timescaledb|pgvector\/pgvector|pgautoupgrade\/pgautoupgrade)$/,
    elsewhere: target =>
      /^\/(?:etc|usr|opt|config|conf)\/(?:[\w.-]+\/)*(?:\w*postgres\w*|pg_hba)\.conf$/i.test(target)
        ? `reads \`${/hba/.test(target) ? 'pg_hba.conf' : 'postgresql.conf'}\` in the directory of its data`
        : null,
    help: target =>
      `Write \`command: postgres -c ${/hba/.test(target) ? 'hba_file' : 'config_file'}=${target}\``,
  },
  {
    image: /^(?:redis|valkey\/valkey)$/,
    elsewhere: target =>
      /^\/(?:etc|usr|opt|data|config|conf)\/(?:[\w.-]+\/)*(?:redis|valkey)[\w.-]*\.conf$|^\/(?:redis|valkey)\.conf$/.test(
        target,
      )
        ? 'reads no file that its command does not name'
        : null,
    help: target => `Write \`command: ${/valkey/.test(target) ? 'valkey' : 'redis'}-server ${target}\``,
  },
  {
    image: /^mongo$/,
    elsewhere: target =>
      /^\/(?:etc|usr|opt|data)\/(?:[\w.-]+\/)*mongod?b?\.(?:conf|ya?ml)$/.test(target)
        ? 'reads no file without `--config`'
        : null,
    help: target => `Write \`command: mongod --config ${target}\``,
  },
  {
    image: /^(?:mysql|mariadb)$/,
    elsewhere: target =>
      /^\/etc\/mysql\/(?:conf|mysql\.conf|mariadb\.conf)\.d\/[\w.-]+\.(?:conf|ini|cfg|txt)$/.test(target)
        ? 'reads what ends in `.cnf` in `/etc/mysql/conf.d`'
        : null,
    help: target => `Place it at \`/etc/mysql/conf.d/${posix.basename(target, posix.extname(target))}.cnf\``,
  },
]

/** True for what the image runs at its first start and nobody has read: it may copy the file. */
function isUnseenScript({ target, path }: RunImage['mounts'][number]): boolean {
  return path === null && isBelow(target, '/docker-entrypoint-initdb.d')
}

/** True where a text has the path, or the directory and the name apart. */
function names(text: string, target: string): boolean {
  const directory = posix.dirname(target)
  return text.includes(posix.basename(target)) || (directory.lastIndexOf('/') > 0 && text.includes(directory))
}

/** Every text that may tell the program of a file: its command, its variables, the steps of its build, and what is mounted. */
function toldIn({ image, command, machine, mounts, files }: RunImage): readonly string[] {
  const { service } = machine.container ?? {}
  const scripts = mounts.flatMap(({ path }) =>
    path === null
      ? []
      : files.kind(path) === 'directory'
        ? (files.list(path) ?? []).map(({ name }) => posix.join(path, name))
        : [path],
  )
  return [
    ...(image?.steps ?? []).flatMap(step => ('command' in step ? [commandText(step.command)] : [])),
    (command?.words ?? []).join(' '),
    ...[...(image?.environment ?? []), ...givenVariables(service)].map(({ value }) =>
      value?.known === true ? value.value : '',
    ),
    ...scripts
      .slice(0, MOST)
      .filter(path => /\.(?:sh|sql|conf|cnf)$/.test(path))
      .map(path => sourceAt(files, path)?.text.replace(/^\s*#.*/gm, '') ?? ''),
  ]
}

/** More files than a person mounts. */
const MOST = 40
