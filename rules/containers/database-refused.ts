import type { Container } from '../../src/deployment/containers/container.ts'
import { mongoOfSpring } from './_mongo-of-spring.ts'
import { posix } from 'node:path'
import { once } from '../../parsers/collections/once.ts'
import { startTexts } from './_shell-texts.ts'
import { buildSteps } from './_started-words.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { djangoBehindNginx } from '../django/_examples.ts'
import { apart, sharesNetwork, unknownHost } from './_database-addresses.ts'
import { containerVariables } from './_container-variables.ts'
import { type DatabaseClient, databaseClients, settingsOfContainers } from './_database-clients.ts'
import { hasRootPassword, isMaker, otherPort, refusal, unreadName } from './_database-refusals.ts'
import { codeOf } from './_says-in-code.ts'
import { isUserOfSql } from './_users-of-sql.ts'
import { type Database, databasesOf } from './_databases.ts'
import { deploymentOf, serviceFor } from './_pod-examples.ts'

const DATABASES = conf`
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: one-password
    ports: ["127.0.0.1:5433:5432"]
  cache:
    image: redis:7
    command: redis-server --requirepass another
`
const MYSQL = conf`
  db:
    image: mysql:8.4
    environment:
      MYSQL_DATABASE: wp
      MYSQL_USER: wp
      MYSQL_PASSWORD: one-password
      MYSQL_ROOT_PASSWORD: another
`
const tree = (lines: string, more = DATABASES, networks = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        environment:
          ${lines}
      ${more}
    ${networks}
  `,
})

const django = (settings: string, environment = ''): Record<string, string> => {
  const files = djangoBehindNginx({ settings, environment })
  return {
    ...files,
    'docker-compose.yml': conf`
      ${files['docker-compose.yml'] ?? ''}
        ${DATABASES}
    `,
  }
}
const databases = (entries: string): string =>
  conf`
    import os
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", ${entries}}}
  `

const MONGO = conf`
  mongo:
    image: mongo:7
    environment:
      MONGO_INITDB_ROOT_USERNAME: root
      MONGO_INITDB_ROOT_PASSWORD: one-password
`

const MONGO_OF_VARIABLES = MONGO.replace(': one-password', ': ${MONGO_PASSWORD}')

const OF_SPRING = conf`
  SPRING_DATA_MONGODB_HOST: mongo
  SPRING_DATA_MONGODB_DATABASE: orders
  SPRING_DATA_MONGODB_USERNAME: root
  SPRING_DATA_MONGODB_PASSWORD: \${MONGO_PASSWORD}
`

/** The database and the application, each with a file of variables. */
const fromFiles = (application: string, database = ''): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
        env_file: app.env
      db:
        image: postgres:16
        env_file: [db.env]
        ${database}
  `,
  'app.env': `${application}\n`,
  'db.env': 'POSTGRES_USER=shop\nPOSTGRES_PASSWORD=one-password\nPOSTGRES_DB=shop\n',
})
/** Django and PostgreSQL, and a file of variables for both. */
const sharedFile = (variables: string, own = 'DEBUG: no'): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      db:
        image: postgres:16
        env_file: .env
      web:
        build: .
        env_file: .env
        environment: { ${own} }
  `,
  '.env': conf`
    ${variables}
    POSTGRES_USER=postgres
    POSTGRES_PASSWORD=one-password
    POSTGRES_HOST=db
  `,
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY . .
    CMD ["gunicorn", "shop.wsgi"]
  `,
  'manage.py': '#!/usr/bin/env python\n',
})
const LARAVEL_AND_MYSQL = conf`
  services:
    app:
      image: php:8.3-fpm
      volumes: [".:/var/www/html"]
    mysql:
      image: mysql:8.4
      ports: ["3307:3306"]
`
const SETTINGS_OF_NAME = conf`
  import os
  DATABASES = {
      "default": {
          "ENGINE": "django.db.backends.postgresql",
          "NAME": os.environ["POSTGRES_NAME"],
          "HOST": os.environ["POSTGRES_HOST"],
      }
  }
`
const withoutFile = (files: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(files).filter(([path]) => path !== name))

const pods = (url: string): Record<string, string> => ({
  'k8s/shop.yaml': conf`
    ${deploymentOf(
      'web',
      conf`
        - name: web
          image: registry.example.org/shop:1.4
          env:
            - name: DATABASE_URL
              value: ${url}
      `,
    )}
    ${deploymentOf(
      'db',
      conf`
        - name: postgres
          image: postgres:16
          env:
            - name: POSTGRES_USER
              value: shop
            - name: POSTGRES_PASSWORD
              value: one-password
      `,
    )}
    ${serviceFor('db', 'port: 5433\n  targetPort: 5432')}
  `,
})

export default defineRule({
  summary: 'A container connects to its database by an address or a password that the database does not have',
  severity: 'error',
  otherSeverities: {
    warning:
      'where a user or password differs, which a database keeps from its first start, or an example of the file says the address',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Between containers the port of the image counts, not the one that `ports` publishes on the host: `Connection refused`. The name is that of the service: `could not translate host name`. And the password is the one that the database was started with: `password authentication failed for user "shop"`, `NOAUTH Authentication required`.',
  remedy: 'Write the service, the port of its image, and the same user and password on both sides',
  references: [
    'https://docs.docker.com/compose/how-tos/networking/',
    'https://hub.docker.com/_/postgres',
    'https://redis.io/docs/latest/operate/oss_and_stack/management/security/',
  ],
  unproven: 'The live tests start no databases in containers',
  bad: [
    {
      title: 'a database on another network',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              environment:
                DATABASE_URL: «postgres://shop:one-password@db:5432/shop»
              networks: [front]
            db:
              image: postgres:16
              environment:
                POSTGRES_USER: shop
                POSTGRES_PASSWORD: one-password
              networks: [back]
          networks:
            front:
            back:
        `,
      },
    },
    {
      title: 'the published port',
      files: tree('DATABASE_URL: «postgres://shop:one-password@db:5433/shop»'),
    },
    {
      title: 'the published port in a variable of its own',
      files: tree(conf`
        DB_HOST: db
        DB_PORT: "«5433»"
      `),
    },
    {
      title: 'the published port behind a password that a variable gives',
      files: tree('DATABASE_URL: "«postgres://shop:${DB_PASSWORD}@db:5433/shop»"'),
    },
    {
      title: 'another password',
      files: tree('DATABASE_URL: «postgres://shop:old-password@db:5432/shop»'),
    },
    {
      title: 'another user',
      files: tree(conf`
        POSTGRES_HOST: db
        POSTGRES_USER: «app»
        POSTGRES_PASSWORD: one-password
      `),
    },
    {
      title: 'another user with the password that the database has',
      files: tree(conf`
        POSTGRES_PASSWORD: one-password
        SHOP_DB_HOST: db
        SHOP_DB_USER: «shop_app»
        SHOP_DB_PASSWORD: one-password
      `),
    },
    {
      title: 'another user than the one that SQL of the repository makes',
      files: {
        ...tree(conf`
          POSTGRES_HOST: db
          POSTGRES_USER: «app»
          POSTGRES_PASSWORD: one-password
        `),
        'api/scripts/reports_user.sql': conf`
          CREATE ROLE reports WITH LOGIN PASSWORD 'one-password';
        `,
      },
    },
    {
      title: 'a name that no service has, in a variable of its own',
      files: tree('WORDPRESS_DB_HOST: «mysql:3306»', MYSQL),
    },
    {
      title: 'a name that no service has, in a variable that speaks of a server',
      files: {
        'docker-compose.yml': conf`
          services:
            office:
              image: registry.example.org/office:8
              environment:
                - POSTGRESQL_SERVER_HOST=«shop-postgers»
                - POSTGRESQL_SERVER_PORT=5432
                - REDIS_SERVER_HOST=shop-redis
            shop-postgresql:
              image: postgres:16
              environment: [POSTGRES_HOST_AUTH_METHOD=trust]
            shop-redis:
              image: redis:7
        `,
      },
    },
    {
      title: 'another database than the one that MySQL makes',
      files: tree(
        conf`
          WORDPRESS_DB_HOST: db
          WORDPRESS_DB_USER: wp
          WORDPRESS_DB_NAME: «wordpress»
        `,
        MYSQL,
      ),
    },
    {
      title: 'a name of the database that the image of PostgreSQL does not know, in a file for both',
      files: {
        ...sharedFile('«POSTGRES_NAME=shop»'),
        'shop/settings.py': SETTINGS_OF_NAME,
      },
    },
    {
      title: 'the same in the environment of the database, and of MySQL',
      files: tree(
        'DEBUG: no',
        [
          'db:',
          '  image: postgres:16-alpine',
          '  environment: { «POSTGRES_DATABASE: shop», POSTGRES_PASSWORD: one-password }',
          'sql:',
          '  image: mysql:8.4',
          '  environment:',
          '    - «MYSQL_DB=shop»',
          '    - MYSQL_ROOT_PASSWORD=one-password',
        ].join('\n'),
      ),
    },
    {
      title: 'Django that asks for another database than PostgreSQL makes',
      files: {
        ...sharedFile('POSTGRES_DB=shop', 'DATABASE_URL: «postgres://postgres:one-password@db/store»'),
      },
    },
    {
      title: 'the published port in the `.env` of Laravel',
      files: {
        'docker-compose.yml': LARAVEL_AND_MYSQL,
        '.env': conf`
          DB_CONNECTION=mysql
          DB_HOST=mysql
          DB_PORT=«3307»
        `,
        artisan: '<?php',
      },
    },
    { title: 'Redis without its password', files: tree('REDIS_URL: «redis://cache:6379/0»') },
    { title: 'a name that no service has', files: tree('CELERY_BROKER_URL: «redis://redis:6379/0»') },
    {
      title: 'Redis without its password, which a variable holds',
      files: tree(
        'REDIS_URL: «redis://cache:6379/0»',
        conf`
          cache:
            image: redis:7
            command: redis-server --requirepass \${CACHE_PASSWORD}
        `,
      ),
    },
    {
      title: 'TLS, which Redis does not speak',
      files: tree(
        'REDIS_URL: «rediss://cache:6379/0»',
        conf`
          cache:
            image: redis:7
        `,
      ),
    },
    {
      title: 'the user that RabbitMQ has by itself, where it was given another',
      files: tree(
        'CELERY_BROKER_URL: «amqp://guest:guest@rabbit:5672//»',
        conf`
          rabbit:
            image: rabbitmq:3-management
            environment:
              RABBITMQ_DEFAULT_USER: shop
              RABBITMQ_DEFAULT_PASS: one-password
        `,
      ),
    },
    {
      title: 'a cache of the settings of Django',
      files: django(conf`
        CACHES = {
            "default": {
                "BACKEND": "django_redis.cache.RedisCache",
                "LOCATION": «"redis://cache:6379/1"»,
            }
        }
      `),
    },
    {
      title: 'the database of the settings of Django, by a name that no service has',
      files: django(databases('"NAME": "shop", "HOST": «"postgres"», "PORT": 5432')),
    },
    {
      title: 'the database of the settings of Django, by the published port',
      files: django(databases('"NAME": "shop", "HOST": "db", "PORT": «"5433"»')),
    },
    {
      title: 'the database of the settings of Django, with another password',
      files: django(databases('"HOST": "db", "USER": "shop", "PASSWORD": «"old-password"»')),
    },
    {
      title: 'the user of a file of variables',
      files: fromFiles('DATABASE_URL=«postgres://postgres:one-password@db:5432/shop»'),
    },
    {
      title: 'a name that no service has, in a file that is to be copied',
      files: {
        ...withoutFile(fromFiles(''), 'app.env'),
        'app.env.example': 'DATABASE_URL=«postgres://shop:change-me@postgres:5432/shop»\n',
      },
    },
    {
      title: 'the published port, in a file that is to be copied',
      files: {
        ...withoutFile(fromFiles('', 'ports: ["127.0.0.1:5433:5432"]'), 'app.env'),
        'app.env.example': 'DB_HOST=db\nDB_PORT=«5433»\nDB_PASSWORD=change-me\n',
      },
    },
    {
      title: 'the published port, in the example of Laravel, of which a part is here',
      files: {
        'docker-compose.yml': LARAVEL_AND_MYSQL,
        '.env.example': 'APP_KEY=\nCACHE_DRIVER=file\nDB_HOST=mysql\nDB_PORT=«3307»\nDB_PASSWORD=\n',
      },
    },
    {
      title: 'MongoDB without the login that it asks for',
      files: tree('MONGO_URL: «mongodb://mongo:27017/shop»', MONGO),
    },
    {
      title: 'the root of MongoDB, looked for in another database',
      files: tree('MONGO_URL: «mongodb://root:one-password@mongo:27017/shop»', MONGO),
    },
    {
      title: 'the root of MongoDB in another database, with a password that a variable gives',
      files: tree('MONGO_URL: «mongodb://root:${MONGO_PASSWORD}@mongo:27017/shop»', MONGO_OF_VARIABLES),
    },
    {
      title: 'the root of MongoDB that a variable names, and options in the URL',
      files: tree(
        'SPRING_DATA_MONGODB_URI: "«mongodb://${MONGO_USER}:${MONGO_PASSWORD}@mongo/shop?retryWrites=true»"',
        MONGO_OF_VARIABLES.replace(': root', ': ${MONGO_USER}'),
      ),
    },
    {
      title: 'the root of MongoDB by the variables of Spring',
      files: tree(OF_SPRING.replace('root', '«root»'), MONGO_OF_VARIABLES),
    },
    {
      title: 'the root of MongoDB in a file of variables',
      files: {
        ...tree('DEBUG: "no"', MONGO),
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              env_file: web.env
            ${MONGO}
        `,
        'web.env': 'MONGO_URL=«mongodb://root:one-password@mongo:27017/shop»\n',
        'server.js': 'require("mongoose").connect(process.env.MONGO_URL)\n',
      },
    },
    { title: 'another password in another pod', files: pods('«postgres://shop:other@db:5433/shop»') },
  ],
  good: [
    { title: 'the port of the Service', files: pods('postgres://shop:one-password@db:5433/shop') },
    {
      title: 'the root of MongoDB, and the database in which it is looked for',
      files: tree(
        'MONGO_URL: mongodb://root:${MONGO_PASSWORD}@mongo:27017/shop?authSource=admin',
        MONGO_OF_VARIABLES,
      ),
    },
    {
      title: 'the variables of Spring with the database of the user, and a user of its own',
      files: {
        ...tree(`${OF_SPRING}\nSPRING_DATA_MONGODB_AUTHENTICATION_DATABASE: admin`, MONGO_OF_VARIABLES),
        'other/compose.yml':
          tree(OF_SPRING.replace('root', 'shop'), MONGO_OF_VARIABLES)['docker-compose.yml'] ?? '',
      },
    },
    {
      title: 'the root of MongoDB without a database',
      files: tree('MONGO_URL: mongodb://root:${MONGO_PASSWORD}@mongo:27017/', MONGO_OF_VARIABLES),
    },
    {
      title: 'a database that another variable says',
      files: tree('MONGO_URL: mongodb://root:${MONGO_PASSWORD}@mongo:27017/${MONGO_DB}', MONGO_OF_VARIABLES),
    },
    {
      title: 'a user of MongoDB that a script makes',
      files: tree(
        'MONGO_URL: mongodb://root:${MONGO_PASSWORD}@mongo:27017/shop',
        `${MONGO_OF_VARIABLES}  volumes: ["./init.js:/docker-entrypoint-initdb.d/init.js:ro"]\n`,
      ),
    },
    {
      title: 'a program that says it beside the URL',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
              environment:
                MONGO_URL: mongodb://root:one-password@mongo:27017/shop
            ${MONGO}
        `,
        'server.js': 'require("mongoose").connect(process.env.MONGO_URL, { authSource: "admin" })\n',
      },
    },
    {
      title: 'the password of a file that is to be copied',
      files: {
        ...withoutFile(fromFiles(''), 'app.env'),
        'app.env.example': 'DATABASE_URL=postgres://shop:change-me@db:5432/shop\n',
      },
    },
    {
      title: 'an example for a program on the host, and one for containers with the port of the image',
      files: {
        'docker-compose.yml': LARAVEL_AND_MYSQL,
        '.env.example': 'APP_KEY=\nCACHE_DRIVER=file\nDB_HOST=127.0.0.1\nDB_PORT=3307\n',
        'app/compose.yml': LARAVEL_AND_MYSQL,
        'app/.env.example': 'APP_KEY=\nCACHE_DRIVER=file\nDB_HOST=mysql\nDB_PORT=3306\n',
      },
    },
    {
      title: 'a port of an example that Compose publishes, and the program may not read',
      files: {
        ...withoutFile(fromFiles('', 'ports: ["${DB_PORT}:5432"]'), 'app.env'),
        'app.env.example': 'DB_HOST=db\nDB_PORT=5433\nDB_PASSWORD=change-me\n',
      },
    },
    {
      title: 'a port of an example that the service says otherwise',
      files: {
        'docker-compose.yml': LARAVEL_AND_MYSQL.replace(
          'volumes:',
          'environment: { DB_PORT: "3306" }\n    volumes:',
        ),
        '.env.example': 'APP_KEY=\nCACHE_DRIVER=file\nDB_HOST=mysql\nDB_PORT=3307\n',
      },
    },
    {
      title: 'a file of variables for both',
      files: fromFiles('DATABASE_URL=postgres://shop:one-password@db:5432/shop'),
    },
    {
      title: 'a password and a user that are to be filled in',
      files: fromFiles('DB_HOST=db\nDB_USER=\nDB_PASSWORD='),
    },
    {
      title: 'a file of variables for the database that is not in the repository',
      files: withoutFile(fromFiles('DATABASE_URL=postgres://postgres:one-password@db:5432/shop'), 'db.env'),
    },
    {
      title: 'a user of the file that the service overrides',
      files: fromFiles(
        'DATABASE_URL=postgres://other:one-password@db:5432/shop',
        'environment: { POSTGRES_USER: other }',
      ),
    },
    {
      title: 'a file of variables that the one that builds an image is given, too',
      files: {
        'docker-compose.yml': conf`
          services:
            base:
              image: registry.example.org/shop-base:1.4
              build: .
              env_file: [app.env]
            web:
              image: registry.example.org/shop:1.4
              env_file: [app.env]
              networks: [inner]
            db:
              image: postgres:16
              environment:
                POSTGRES_USER: shop
                POSTGRES_PASSWORD: one-password
              networks: [inner]
          networks:
            inner:
        `,
        'app.env':
          'DATABASE_ADAPTER=postgresql\nDATABASE_HOST=db\nDATABASE_NAME=shop\nDATABASE_USER=shop\nDATABASE_PASSWORD=one-password\n',
      },
    },
    {
      title: 'a user that SQL of the repository makes',
      files: {
        ...tree(conf`
          POSTGRES_HOST: db
          POSTGRES_USER: reports
          POSTGRES_PASSWORD: one-password
        `),
        'api/scripts/reports_user.sql': conf`
          DO $$ BEGIN
            CREATE ROLE "reports" WITH LOGIN PASSWORD 'one-password';
          END $$;
        `,
      },
    },
    {
      title: 'the root of MongoDB in its database, and a user that is made later',
      files: tree(
        conf`
          MONGO_URL: mongodb://root:one-password@mongo:27017/shop?authSource=admin
          OTHER_URL: mongodb://shop:another@mongo:27017/shop
        `,
        MONGO,
      ),
    },
    {
      title: 'a login of MongoDB in variables of its own',
      files: tree(
        conf`
          MONGO_URL: mongodb://mongo:27017/shop
          MONGO_USERNAME: root
          MONGO_PASSWORD: one-password
        `,
        MONGO,
      ),
    },
    {
      title: 'the name that Compose gives a container',
      files: tree('DATABASE_URL: postgres://a:one-password@shop_db_1:5432/shop'),
    },
    {
      title: 'a network that another project brings both to',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              image: registry.example.org/shop:1.4
              environment:
                DATABASE_URL: postgres://shop:one-password@db:5432/shop
              networks: [shared]
            db:
              image: postgres:16
              environment:
                POSTGRES_USER: shop
                POSTGRES_PASSWORD: one-password
              networks: [back]
          networks:
            shared:
              external: true
            back:
        `,
      },
    },
    {
      title: 'the database of the settings of Django',
      files: django(
        databases('"NAME": "shop", "HOST": "db", "USER": "shop", "PASSWORD": "one-password", "PORT": 5432'),
      ),
    },
    {
      title: 'a name that stands for development, where a variable says another one',
      files: django(
        databases('"NAME": "shop", "HOST": os.environ.get("DB_HOST", "postgres")'),
        'environment: { DB_HOST: db }',
      ),
    },
    {
      title: 'the database of a machine',
      files: django(databases('"NAME": "shop", "HOST": "db1.example.org", "PORT": 5433')),
    },
    {
      title: 'the user of RabbitMQ',
      files: tree(
        'CELERY_BROKER_URL: amqp://shop:one-password@rabbit:5672//',
        conf`
          rabbit:
            image: rabbitmq:3
            environment:
              RABBITMQ_DEFAULT_USER: shop
              RABBITMQ_DEFAULT_PASS: one-password
        `,
      ),
    },
    {
      title: 'Redis with TLS',
      files: tree(
        'REDIS_URL: rediss://cache:6379/0',
        conf`
          cache:
            image: redis:7
            command: redis-server --tls-port 6379 --port 0 --tls-cert-file /tls/a.pem --tls-key-file /tls/a.key
        `,
      ),
    },
    { title: 'a password in the query', files: tree('CACHE_URL: redis://cache:6379/0?PASSWORD=another') },
    {
      title: 'a password that is to be filled in',
      files: tree(
        conf`
          WORDPRESS_DB_HOST: db:3306
          WORDPRESS_DB_USER: wp
          WORDPRESS_DB_NAME: wp
          WORDPRESS_DB_PASSWORD: '<a password>'
        `,
        MYSQL,
      ),
    },
    {
      title: 'a variable of the database itself',
      files: tree(
        'WORDPRESS_DB_HOST: db',
        MYSQL.replace('MYSQL_DATABASE: wp', () => 'MARIADB_HOST: shop\n    MYSQL_DATABASE: wp'),
      ),
    },
    {
      title: 'the database that MySQL makes',
      files: tree(
        conf`
          WORDPRESS_DB_HOST: db:3306
          WORDPRESS_DB_USER: wp
          WORDPRESS_DB_NAME: wp
        `,
        MYSQL,
      ),
    },
    {
      title: 'another database for the superuser, which may make it',
      files: tree(
        conf`
          MYSQL_HOST: db
          MYSQL_USER: root
          MYSQL_DATABASE: shop
        `,
        MYSQL,
      ),
    },
    {
      title: 'the database that PostgreSQL makes, by each of its names',
      files: sharedFile('POSTGRES_DB=shop', 'DATABASE_URL: postgres://postgres:one-password@db/shop'),
    },
    {
      title: 'a name beside the one that the image knows',
      files: sharedFile('POSTGRES_DB=shop\nPOSTGRES_NAME=shop'),
    },
    {
      title: 'a service of which a file for tests names the database of the image, too',
      files: tree(
        conf`
          DATABASE_URL: postgres://shop:one-password@db:5432/shop
          DB_HOST: db
          DB_NAME: test_shop
          DB_USER: shop
          DB_PASSWORD: one-password
        `,
        conf`
          db:
            image: postgres:16
            environment:
              POSTGRES_DB: test_shop
              POSTGRES_USER: shop
              POSTGRES_PASSWORD: one-password
        `,
      ),
    },
    {
      title: 'a name that is that of the user, too',
      files: sharedFile('POSTGRES_NAME=postgres'),
    },
    {
      title: 'a script that makes the database',
      files: {
        ...sharedFile('POSTGRES_NAME=shop'),
        'bin/setup.sh': 'docker compose exec db createdb -U postgres shop\n',
      },
    },
    {
      title: 'an image of PostgreSQL that knows other variables',
      files: tree(
        'DEBUG: no',
        [
          'db:',
          '  image: bitnami/postgresql:16',
          '  environment: { POSTGRESQL_DATABASE: shop, POSTGRES_PASSWORD: one-password }',
        ].join('\n'),
      ),
    },
    {
      title: 'a program that makes its database itself',
      files: {
        ...sharedFile('POSTGRES_NAME=shop'),
        'manage.py': '',
        Dockerfile: 'FROM ruby:3.3\nWORKDIR /app\nCOPY . .\nCMD bin/rails db:prepare && bin/rails server\n',
      },
    },
    {
      title: 'a host of a name that is no container’s',
      files: tree('DB_HOST: db.example.net', MYSQL),
    },
    {
      title: 'the port of the image, and its password',
      files: tree(conf`
        DATABASE_URL: postgres://shop:one-password@db:5432/shop
        REDIS_URL: redis://:another@cache:6379/0
      `),
    },
    {
      title: 'in variables of their own',
      files: tree(conf`
        DB_HOST: db
        DB_PORT: "5432"
        DB_USER: shop
        DB_PASSWORD: one-password
      `),
    },
    {
      title: 'a database that is told of another port',
      files: tree(
        'DATABASE_URL: postgres://postgres@db:5433/shop',
        conf`
          db:
            image: postgres:16
            command: postgres -p 5433
        `,
      ),
    },
    {
      title: 'a password that a variable gives',
      files: tree('DATABASE_URL: postgres://shop:${DB_PASSWORD}@db:5432/shop'),
    },
    {
      title: 'a user that the superuser, who logs in too, may make',
      files: tree(conf`
        DATABASE_URL: postgres://shop:one-password@db:5432/shop
        STORAGE_URL: postgres://storage:another@db:5432/shop
      `),
    },
    {
      title: 'a user that a container makes which has the password of the superuser, too',
      files: tree(conf`
        POSTGRES_PASSWORD: one-password
        SHOP_DB_HOST: db
        SHOP_DB_USER: shop_app
        SHOP_DB_PASSWORD: another-password
      `),
    },
    {
      title: 'the password of root in a variable of Compose',
      files: tree(
        conf`
          MYSQL_ROOT_PASSWORD: \${DB_ROOT}
          SHOP_DB_HOST: db
          SHOP_DB_USER: shop_app
          SHOP_DB_NAME: shop
          SHOP_DB_PASSWORD: another-password
        `,
        MYSQL.replace('MYSQL_ROOT_PASSWORD: another', () => 'MYSQL_ROOT_PASSWORD: ${DB_ROOT}'),
      ),
    },
    {
      title: 'users that a script of the database makes',
      files: tree(
        'DATABASE_URL: postgres://app:another@db:5432/shop',
        DATABASES.replace('  ports:', '  volumes: ["./init:/docker-entrypoint-initdb.d"]\n  ports:'),
      ),
    },
    {
      title: 'a database outside',
      files: tree('DATABASE_URL: postgres://shop:x@shop.abc.eu-west-1.rds.amazonaws.com:5433/shop'),
    },
    {
      title: 'a network on which others are',
      files: tree(
        'REDIS_URL: redis://redis:6379/0',
        DATABASES,
        conf`
          networks:
            default:
              external: true
              name: shared
        `,
      ),
    },
  ],
  *check(deployment) {
    const settings = settingsOfContainers(deployment)
    const isMade = once(() => (deployment.setups() ?? []).some(({ text }) => MAKES.test(text)))
    const told = new Set<Database>()
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete) continue
      const databases = databasesOf(container)
      if (databases.size === 0) continue
      for (const database of databases.values()) {
        const found = told.has(database) || isMade() ? null : unreadName(database)
        told.add(database)
        if (found !== null) yield found
      }
      // What a database is told of a host is no place that it connects to.
      if ([...databases.values()].some(({ service }) => service === container.service)) continue
      const ofSpring = mongoOfSpring(container, databases)
      if (ofSpring !== null) yield ofSpring
      const clients = [...databaseClients(container, settings.get(container) ?? [], databases)]
      for (const client of clients) {
        const database = databases.get(client.host)
        const found =
          database === undefined
            ? unknownHost(client, container, databases)
            : refusedBy(client, container, database, clients, isMade)
        if (found !== null) yield client.isExample ? { ...found, ...OF_EXAMPLE } : found
      }
    }
  },
})

/** Whoever copies an example may write another address. */
const OF_EXAMPLE = { severity: 'warning', confidence: 'medium' } as const

/** True for another user than the one of the image, which SQL of the repository makes. */
function isMadeLater({ user }: DatabaseClient, database: Database, container: Container): boolean {
  if (user?.known !== true || database.user?.known !== true || user.value === database.user.value)
    return false
  return isUserOfSql(container, user.value)
}

function refusedBy(
  client: DatabaseClient,
  container: Container,
  database: Database,
  clients: readonly DatabaseClient[],
  isMade: () => boolean,
): RuleFinding | null {
  if (database.service === container.service) return null
  if (!sharesNetwork(container, database.service)) return apart(client, container, database)
  // The passwords of an example are to be replaced, and with them what a database is told.
  if (client.isExample) return isPublished(client, database) ? otherPort(client, database) : null
  const hasMaker = clients.some(({ host, user }) => host === client.host && isMaker(user, database))
  return refusal(client, database, {
    hasMaker:
      hasMaker ||
      hasRootPassword(client, database, containerVariables(container)) ||
      isMadeLater(client, database, container),
    makesNone:
      makesNone(container, client, database) && !isNamedBeside(client, database, clients) && !isMade(),
    saysAuthSource: () => codeOf(container)?.some(({ text }) => AUTH_SOURCE.test(text)) !== false,
  })
}

/**
 * True where the same container names the database of the image, too: which of the two it takes is not seen. What a file
 * for both says is the database's own.
 */
function isNamedBeside(
  client: DatabaseClient,
  { database: made }: Database,
  clients: readonly DatabaseClient[],
): boolean {
  return clients.some(
    ({ host, database }) =>
      host === client.host &&
      database?.known === true &&
      made?.known === true &&
      database.value === made.value &&
      (database.at?.source !== made.at?.source || database.at?.start !== made.at?.start),
  )
}

/** True for a port that `ports` writes out for the host: who copies an example has no reason to write another one. */
function isPublished({ kind, port }: DatabaseClient, database: Database): boolean {
  return (
    (kind === null || kind === database.kind) &&
    port?.known === true &&
    database.service.ports.some(
      ({ published }) => published?.known === true && String(published.value.first) === port.value,
    )
  )
}

/** Drivers of MongoDB take the database of the user beside the URL, too. */
const AUTH_SOURCE = /\bauth_?(?:source|db|mechanism|database)\b|createUser/i

/** What makes a database that its image does not make. */
const MAKES =
  /\bcreatedb\b|CREATE\s+DATABASE|\bdb:(?:create|prepare|setup|reset)|\bprisma\b|ecto\.create|create_database|sqlalchemy_utils/i

/** True for a program that makes no database by itself: Django’s, and one to which a variable says it that is for both. */
function makesNone(container: Container, client: DatabaseClient, { unread }: Database): boolean {
  const texts = [...startTexts(container)].map(({ text }) => text)
  if (texts.some(text => MAKES.test(text)) || buildSteps(container).some(step => MAKES.test(step)))
    return false
  const { service, image, files } = container
  const directory = service.workingDirectory ?? image?.workingDirectory ?? null
  const isDjango =
    directory?.known === true && files.kind(posix.join(directory.value, 'manage.py')) === 'file'
  return (
    isDjango ||
    (unread !== null &&
      client.database?.known === true &&
      client.database.at?.start === unread.value.at?.start)
  )
}
