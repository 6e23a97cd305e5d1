import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const tree = (service: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      db:
        ${service}
        secrets: [db_user, db_password]
    secrets:
      db_user:
        file: ./db_user.txt
      db_password:
        file: ./db_password.txt
  `,
})

export default defineRule({
  summary: 'A variable holds the path of a secret, where the image takes the path for the value',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.3,
  cwe: [1188],
  since: '0.1.0',
  why: 'Docker puts a secret into a file below `/run/secrets`, and leaves variables as they are. The images of databases and many others read a file where the name of the variable ends in `_FILE`; of any other they take the text itself. The password is then `/run/secrets/db_password`, which everybody can guess, and who logs in with the one in the file is refused.',
  remedy: 'Add `_FILE` to the name of the variable',
  references: [
    'https://docs.docker.com/compose/how-tos/use-secrets/',
    'https://hub.docker.com/_/postgres#docker-secrets',
    'https://github.com/thomseddon/traefik-forward-auth#configuration',
  ],
  unproven: 'The live tests start no containers; the entry points of the images do as their pages say',
  bad: [
    {
      title: 'the password of PostgreSQL',
      files: tree(conf`
        image: postgres:16
        environment:
          POSTGRES_USER: shop
          «POSTGRES_PASSWORD: /run/secrets/db_password»
      `),
    },
    {
      title: 'user and password of MySQL in a list',
      files: tree(conf`
        image: mysql:8.4
        environment:
          - MYSQL_ROOT_PASSWORD_FILE=/run/secrets/db_password
          - «MYSQL_USER=/run/secrets/db_user»
          - «MYSQL_PASSWORD=/run/secrets/db_password»
      `),
    },
    {
      title: 'one of several variables of another image',
      files: tree(conf`
        image: example/forward-auth:2
        environment:
          - WHITELIST_FILE=/run/secrets/db_user
          - «CLIENT_SECRET=/run/secrets/db_password»
      `),
    },
  ],
  good: [
    {
      title: 'files by their names',
      files: tree(conf`
        image: postgres:16
        environment:
          POSTGRES_USER_FILE: /run/secrets/db_user
          POSTGRES_PASSWORD_FILE: /run/secrets/db_password
      `),
    },
    {
      title: 'an image that reads its own variables',
      files: tree(conf`
        image: registry.example.org/shop:1.4
        environment:
          DATABASE_PASSWORD: /run/secrets/db_password
          DATABASE_USER_PATH: /run/secrets/db_user
      `),
    },
    {
      title: 'an own image, which may do as it likes',
      files: {
        ...tree(conf`
          build: .
          environment:
            TOKEN_FILE: /run/secrets/db_user
            DATABASE_PASSWORD: /run/secrets/db_password
        `),
        Dockerfile: 'FROM python:3.12\n',
      },
    },
    {
      title: 'a command of its own',
      files: tree(conf`
        image: postgres:16
        entrypoint: ["/start.sh"]
        environment:
          POSTGRES_PASSWORD: /run/secrets/db_password
      `),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      if (container === null) continue
      const { service, image, base } = container
      if (image !== null || service.build !== null || !service.complete || service.entrypoint !== null)
        continue
      const held = service.environment.filter(
        ({ value }) => value?.known === true && /^\/(?:var\/)?run\/secrets\/[\w.-]+$/.test(value.value),
      )
      const file = held.find(({ name }) => name.endsWith('_FILE'))
      for (const { name, at } of held) {
        const isOfImage = READERS.test(base ?? '') && OF_READERS.test(name)
        if (!isOfImage && (file === undefined || !SECRET.test(name))) continue
        const isSet = service.environment.some(other => other.name === `${name}_FILE`)
        if (isSet) continue
        yield {
          at,
          ...(!isOfImage && { confidence: 'medium' as const }),
          message: `\`${name}\` is this path to the letter, and not what the file holds, which \`${name}_FILE\` reads`,
          label: 'a path for the value',
          related: isOfImage || file === undefined ? [] : [{ at: file.at, message: 'here the file is read' }],
          help: `Write \`${name}_FILE\``,
        }
      }
    }
  },
})

/** Images that read a file for each variable `…_FILE`, and for no other. */
const READERS =
  /^(?:postgres|postgis\/postgis|pgvector\/pgvector|mysql|mariadb|mongo|wordpress|redmine|nextcloud)$/
const OF_READERS =
  /^(?:POSTGRES_(?:PASSWORD|USER|DB)|(?:MYSQL|MARIADB)_(?:ROOT_PASSWORD|PASSWORD|USER|DATABASE)|MONGO_INITDB_ROOT_(?:USERNAME|PASSWORD)|WORDPRESS_DB_(?:PASSWORD|USER|NAME)|REDMINE_DB_PASSWORD|NEXTCLOUD_ADMIN_(?:PASSWORD|USER))$/
const SECRET = /(?:PASSWORD|SECRET|TOKEN|(?:^|_)ID|API_?KEY)$/
