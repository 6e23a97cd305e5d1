import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { composeWith, siteTo } from './_examples.ts'

const DECLARED = conf`
  secrets:
    db_password:
      file: ./db_password.txt
`
const tree = (db: string, more = DECLARED): Record<string, string> => ({
  'docker-compose.yml': composeWith({
    more: conf`
        db:
          image: postgres:16
          ${db}
      ${more}
    `,
  }),
  'nginx/site.conf': siteTo('web:8000'),
  'db_password.txt': 'secret',
})
const environment = (value: string, lines = ''): string => conf`
  environment:
    POSTGRES_USER: shop
    POSTGRES_PASSWORD_FILE: ${value}
  ${lines}
`

export default defineRule({
  summary: 'A variable names the file of a secret that the service is not given',
  severity: 'error',
  otherSeverities: { warning: 'where nobody knows that the program of the image reads it when it starts' },
  confidence: 'high',
  since: '0.1.0',
  why: 'A secret at the root of a compose file is in no container by itself: each service that may read it names it below its own `secrets:`. In every other `/run/secrets` is not there. The images of databases read the file of `…_PASSWORD_FILE` when they start, and end: `/run/secrets/db_password: No such file or directory`.',
  remedy: 'Name the secret below `secrets:` of the service too',
  references: [
    'https://docs.docker.com/compose/how-tos/use-secrets/',
    'https://docs.docker.com/reference/compose-file/services/#secrets',
  ],
  unproven: 'The live tests start no containers: which files Docker puts into one, no loopback shows',
  bad: [
    { title: 'a secret of the root alone', files: tree(environment('«/run/secrets/db_password»')) },
    {
      title: 'another name',
      files: tree(environment('«/run/secrets/db-password»', 'secrets: [db_password]')),
    },
    {
      title: 'an application of one’s own, in a list',
      files: {
        ...tree(environment('/run/secrets/db_password', 'secrets: [db_password]')),
        'docker-compose.yml': composeWith({
          web: conf`
            environment:
              - DB_PASSWORD_FILE=«/run/secrets/db_password»
          `,
          more: DECLARED,
        }),
      },
    },
  ],
  good: [
    {
      title: 'the value itself beside it, for where there are no secrets',
      files: tree(conf`
        environment:
          APP_PASSWORD: apppass
          APP_PASSWORD_SECRET: /run/secrets/db_password
      `),
    },
    {
      title: 'given to the service',
      files: tree(environment('/run/secrets/db_password', 'secrets: [db_password]')),
    },
    {
      title: 'by another name',
      files: tree(
        environment(
          '/run/secrets/password',
          conf`
            secrets:
              - source: db_password
                target: password
          `,
        ),
      ),
    },
    {
      title: 'files that are mounted',
      files: tree(environment('/run/secrets/db_password', 'volumes: ["./secrets:/run/secrets:ro"]')),
    },
    {
      title: 'a secret that a swarm or somebody else has, and no file of the project',
      files: tree(environment('/run/secrets/db_password'), ''),
    },
    { title: 'a path elsewhere', files: tree(environment('/etc/db_password')) },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null) continue
      const { service, project, reference, image, mounts } = container
      if (!service.complete || !project.complete || project.secrets.size === 0) continue
      if (service.volumesFrom.length > 0) continue
      const granted = service.secrets.map(({ target }) => (target.known ? target.value : null))
      if (granted.includes(null)) continue
      // A volume may bring it, and so may the image.
      const places = [
        ...mounts.flatMap(({ target, from }) => (from === 'COPY' ? [target] : [])),
        ...service.volumes.map(({ target }) => (target.known ? target.value : '/')),
        ...service.tmpfs.map(each => (each.known ? each.value : '/')),
      ]
      if (places.some(place => /^\/(?:(?:var\/)?run(?:\/secrets.*)?\/?)?$/.test(place))) continue
      const own = image?.steps.some(step => !('sources' in step)) === true
      for (const { name, value } of service.environment) {
        if (value?.known !== true || value.at === null) continue
        const [path, key] = /^\/(?:var\/)?run\/secrets\/([\w.-]+)$/.exec(value.value) ?? []
        if (path === undefined || granted.includes(path.replace(/^\/var/, ''))) continue
        // A program with a way of its own to read secrets falls back to the value that stands beside it.
        const plain = /^(.+)_(?:SECRET|PATH)$/.exec(name)?.[1]
        if (service.environment.some(other => other.name === plain)) continue
        const meant = project.secrets.get(key ?? '')
        const isRead =
          READERS.some(([image, names]) => image.test(reference ?? '') && names.test(name)) && !own
        yield {
          at: value.at,
          severity: isRead ? ('error' as const) : ('warning' as const),
          message: isRead
            ? `the service is not given this secret, so the container ends when it starts: ${path}: No such file or directory`
            : `the service is not given this secret, so \`${path}\` is not in its container`,
          label: 'not in this container',
          related:
            meant === undefined ? [] : [{ at: meant.at, message: 'declared, and given to others alone' }],
          help: `Write it below \`secrets:\` of \`${service.name}\``,
        }
      }
    }
  },
})

/** Images whose entry point reads the files of these variables at each start, and ends where one is not there. */
const READERS: readonly (readonly [image: RegExp, names: RegExp])[] = [
  [
    /^(?:postgres|postgis\/postgis|timescale\/timescaledb)(?=[:@]|$)/,
    /^POSTGRES_(?:PASSWORD|USER|DB|INITDB_ARGS)_FILE$/,
  ],
  [/^mysql(?=[:@]|$)/, /^MYSQL_(?:ROOT_HOST|DATABASE|USER|PASSWORD|ROOT_PASSWORD)_FILE$/],
  [/^mariadb(?=[:@]|$)/, /^(?:MYSQL|MARIADB)_(?:ROOT_HOST|DATABASE|USER|(?:ROOT_)?PASSWORD(?:_HASH)?)_FILE$/],
  [/^mongo(?=[:@]|$)/, /^MONGO_INITDB_ROOT_(?:USERNAME|PASSWORD)_FILE$/],
  [
    /^redmine(?=[:@]|$)/,
    /^REDMINE_(?:DB_(?:POSTGRES|MYSQL|PASSWORD|USERNAME|DATABASE)|SECRET_KEY_BASE)_FILE$/,
  ],
]
