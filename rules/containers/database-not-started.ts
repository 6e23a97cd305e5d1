import { memo } from '../../parsers/collections/memo.ts'
import { type ComposeProject, type ComposeService, saysWhatRuns } from '../../parsers/compose/compose.ts'
import { allProjects } from './_compose-projects.ts'
import { conf } from '../../src/engine/conf.ts'
import {
  aloneElasticsearch,
  ELASTICSEARCH,
  FROM_POSTGRES,
  IMAGE,
  imagePlace,
  isDatabaseAsItIs,
  isSetIn,
  refusedByMysql,
  refusedByPostgres,
  setTwice,
} from './_database-start.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { readContainers } from '../../src/deployment/containers/read-containers.ts'

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
      title: 'PostgreSQL of a Quadlet',
      files: {
        'etc/containers/systemd/db.container': conf`
          [Container]
          Image=«docker.io/library/postgres:16»
          ContainerName=db
          Environment=POSTGRES_DB=shop
          Volume=db.volume:/var/lib/postgresql/data
        `,
      },
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
      title: 'PostgreSQL of an own Dockerfile, which adds a script to it',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
            «db»:
              build: ./db
              environment:
                POSTGRES_DB: shop
              volumes: ["./data:/var/lib/postgresql/data"]
        `,
        'db/Dockerfile': conf`
          FROM postgres:16
          COPY functions.sql /docker-entrypoint-initdb.d/
        `,
        'db/functions.sql': 'CREATE EXTENSION btree_gist;\n',
      },
    },
    {
      title: 'PostGIS without a password',
      files: tree(conf`
        image: «postgis/postgis:16-3.4»
        environment:
          - POSTGRES_USER=shop
      `),
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
      title: 'one of several services that are started',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
            cache:
              image: redis:7
            db:
              image: «mariadb:11»
              volumes: ["./data:/var/lib/mysql"]
        `,
      },
    },
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
      title: 'a list of images to be pulled',
      files: {
        'docker-compose.yml': conf`
          services:
            alpine: { image: alpine:3.20 }
            postgres: { image: postgres:16 }
            mysql: { image: mysql:8.4 }
        `,
      },
    },
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
    {
      title: 'own Dockerfiles that set the password, or start in another way',
      files: {
        'docker-compose.yml': conf`
          services:
            db:
              build: ./db
            filled:
              build: ./filled
            other:
              build: ./other
        `,
        'db/Dockerfile': conf`
          FROM postgres:16
          ENV POSTGRES_PASSWORD=a
        `,
        'filled/Dockerfile': conf`
          FROM postgres:16
          COPY data /var/lib/postgresql/data
        `,
        'other/Dockerfile': conf`
          FROM postgres:16
          COPY start.sh /
          CMD ["/start.sh"]
        `,
      },
    },
    { title: 'another command', files: tree('image: postgres:16\ncommand: sleep infinity') },
    { title: 'another image', files: tree('image: bitnami/mariadb:11') },
  ],
  *check(deployment) {
    for (const { project, projects, hostFiles } of allProjects(deployment)) {
      if (!isWhole(project) || isListOfImages(project)) continue
      for (const service of project.services.values()) {
        const image = service.image?.known === true ? service.image.value : ''
        const [, elastic] = ELASTICSEARCH.exec(image) ?? []
        if (elastic !== undefined)
          yield* aloneElasticsearch(service, Number(elastic), isSetIn(service, hostFiles, null))
        const [, kind] = IMAGE.exec(image) ?? []
        if (service.build === null && kind === undefined && !FROM_POSTGRES.test(image)) continue
        const container = readContainers(project, hostFiles, projects).find(each => each.service === service)
        const built = container?.image ?? null
        const database =
          service.build === null
            ? { reference: image, at: imagePlace(service) }
            : built !== null && isDatabaseAsItIs(built)
              ? { reference: container?.reference ?? '', at: service.at }
              : null
        if (database === null || !service.complete || service.entrypoint !== null) continue
        const [program] = service.command?.words ?? []
        if (program !== undefined && !/^(?:-|(?:postgres|mysqld|mariadbd)$)/.test(program.text)) continue
        const has = isSetIn(service, hostFiles, built)
        const [, server, version] = IMAGE.exec(database.reference) ?? []
        if (server !== undefined) yield* setTwice(service)
        if (server === 'postgres' || FROM_POSTGRES.test(database.reference))
          yield* refusedByPostgres(service, database, version, has)
        else if (server !== undefined) yield* refusedByMysql(service, database, server, has)
      }
    }
  },
})

/** True for what only names images, as one for `docker compose pull` does. */
function isListOfImages({ services }: ComposeProject): boolean {
  return services.size > 2 && [...services.values()].every(isNameOfImage)
}

function isNameOfImage(service: ComposeService): boolean {
  const { image, ports, volumes, networks, environment, envFiles, dependsOn, command, restart } = service
  const lists = [ports, volumes, networks ?? [], environment, envFiles, dependsOn]
  return image !== null && command === null && restart === null && lists.every(({ length }) => length === 0)
}

/** False for a file that Compose refuses without another one, which may set more than an image. */
const isWhole = memo((project: ComposeProject): boolean =>
  [...project.services.values()].every(service => saysWhatRuns(service) || !service.complete),
)
