import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { oldClient } from './_mysql-clients.ts'
import { modernMysqls } from './_mysql-servers.ts'

const tree = (
  lines: string,
  files: Record<string, string>,
  { image = '«mysql:8.0»', database = '' } = {},
): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      db:
        image: ${image}
        environment:
          MYSQL_DATABASE: shop
          MYSQL_USER: shop
          MYSQL_PASSWORD: one-password
          MYSQL_RANDOM_ROOT_PASSWORD: "yes"
        ${database}
      app:
        build: .
        environment:
          ${lines}
  `,
  ...files,
})
const node = (
  version = '"mysql": "^2.18.1"',
  script = "const mysql = require('mysql')\nmysql.createPool({ host: process.env.DB_HOST })\n",
): Record<string, string> => ({
  Dockerfile: conf`
    FROM node:22
    WORKDIR /app
    COPY . .
    RUN npm ci
    CMD ["node", "server.js"]
  `,
  'package.json': `{ "name": "shop", "dependencies": { "express": "^4.21.0", ${version} } }\n`,
  'server.js': script,
})
const php = (tag: string): Record<string, string> => ({
  Dockerfile: conf`
    FROM php:${tag}
    RUN docker-php-ext-install pdo_mysql
    COPY . /var/www/html
  `,
})
const python = (...packages: readonly string[]): Record<string, string> => ({
  Dockerfile: conf`
    FROM python:3.12
    WORKDIR /app
    COPY requirements.txt .
    RUN pip install -r requirements.txt
    COPY . .
    CMD ["gunicorn", "shop:app"]
  `,
  'requirements.txt': `${packages.join('\n')}\n`,
  'shop.py': conf`
    from flask import Flask
    app = Flask(__name__)
  `,
})
const jdbc = (query: string): string => `SPRING_DATASOURCE_URL: jdbc:mysql://db:3306/shop?${query}`
const JAVA: Record<string, string> = {
  Dockerfile: conf`
    FROM eclipse-temurin:21
    COPY shop.jar /
    CMD ["java", "-jar", "/shop.jar"]
  `,
}

export default defineRule({
  summary: 'A client cannot log in to MySQL 8 in the way that its new accounts ask for',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Since MySQL 8.0 the accounts that its image makes at the first start are of `caching_sha2_password`. The package `mysql` of Node.js and PHP before 7.4 do not know it: `ER_NOT_SUPPORTED_AUTH_MODE`, `The server requested authentication method unknown to the client`. PyMySQL needs the package `cryptography` for it, and Connector/J without TLS the permission to ask the server for its public key: `Public Key Retrieval is not allowed`.',
  remedy:
    'Use a client that knows it, as `mysql2` of Node.js; up to MySQL 8.3 `--default-authentication-plugin=mysql_native_password` makes new accounts of the older kind',
  references: [
    'https://dev.mysql.com/doc/refman/8.0/en/caching-sha2-pluggable-authentication.html',
    'https://www.php.net/manual/en/mysqli.requirements.php',
    'https://pymysql.readthedocs.io/en/latest/user/installation.html',
    'https://dev.mysql.com/doc/connector-j/en/connector-j-connp-props-security.html',
  ],
  unproven: 'The live tests start no databases in containers',
  bad: [
    { title: 'the package of Node.js', files: tree('DB_HOST: db', node()) },
    {
      title: 'knex with the package, and a release without the older way',
      files: tree(
        'DATABASE_URL: mysql://shop:one-password@db:3306/shop',
        node('"mysql": "2.18.1", "knex": "^3.1.0"', "import knex from 'knex'\nknex({ client: 'mysql' })\n"),
        { image: '«mysql»' },
      ),
    },
    {
      title: 'a host in the script',
      files: tree(
        'PORT: "3000"',
        node(
          '"mysql": "~2.18.0"',
          "const mysql = require('mysql')\nmysql.createConnection({ host: 'db', user: 'shop' })\n",
        ),
        { image: '«mysql:8.4»' },
      ),
    },
    { title: 'PHP', files: tree('DB_HOST: db', php('7.3-apache')) },
    {
      title: 'PyMySQL',
      files: tree(
        'DATABASE_URL: mysql+pymysql://shop:one-password@db/shop',
        python('Flask==3.0.3', 'gunicorn==23.0.0', 'Flask-SQLAlchemy==3.1.1', 'PyMySQL==1.1.1'),
      ),
    },
    {
      title: 'Connector/J',
      files: tree(jdbc('useSSL=false&serverTimezone=UTC'), JAVA),
    },
  ],
  good: [
    {
      title: 'another package of Node.js',
      files: tree('DB_HOST: db', node('"mysql2": "^3.11.0"', "require('mysql2')\n"), { image: 'mysql:8.0' }),
    },
    {
      title: 'a package by another name',
      files: tree('DB_HOST: db', node('"mysql": "npm:mysql2@^3.11.0"'), { image: 'mysql:8.0' }),
    },
    {
      title: 'both packages',
      files: tree(
        'DB_HOST: db',
        node('"mysql": "^2.18.1", "mysql2": "^3.11.0"', "require('mysql2/promise')\n"),
        { image: 'mysql:8.0' },
      ),
    },
    { title: 'MariaDB', files: tree('DB_HOST: db', node(), { image: 'mariadb:11' }) },
    { title: 'MySQL 5.7', files: tree('DB_HOST: db', node(), { image: 'mysql:5.7' }) },
    {
      title: 'the older way for all accounts',
      files: tree('DB_HOST: db', node(), {
        image: 'mysql:8.0',
        database: 'command: --default-authentication-plugin=mysql_native_password',
      }),
    },
    {
      title: 'an account of the older way',
      files: {
        ...tree('DB_HOST: db', node(), {
          image: 'mysql:8.0',
          database: 'volumes: ["./init.sql:/docker-entrypoint-initdb.d/init.sql"]',
        }),
        'init.sql': "ALTER USER 'shop'@'%' IDENTIFIED WITH mysql_native_password BY 'one-password';\n",
      },
    },
    {
      title: 'a file of settings that is not in the repository',
      files: tree('DB_HOST: db', node(), {
        image: 'mysql:8.0',
        database: 'volumes: ["./my.cnf:/etc/mysql/conf.d/my.cnf"]',
      }),
    },
    {
      title: 'another database',
      files: tree('DB_HOST: elsewhere.example.org', node(), { image: 'mysql:8.0' }),
    },
    { title: 'PHP that knows it', files: tree('DB_HOST: db', php('7.4-fpm'), { image: 'mysql:8.0' }) },
    {
      title: 'PyMySQL with what it needs',
      files: tree(
        'DATABASE_URL: mysql+pymysql://shop:one-password@db/shop',
        python('Flask==3.0.3', 'PyMySQL[rsa]==1.1.1'),
        { image: 'mysql:8.0' },
      ),
    },
    {
      title: 'PyMySQL beside a package that may bring it',
      files: tree(
        'DATABASE_URL: mysql+pymysql://shop:one-password@db/shop',
        python('Flask==3.0.3', 'PyMySQL', 'Authlib'),
        { image: 'mysql:8.0' },
      ),
    },
    { title: 'Connector/J with TLS', files: tree(jdbc('serverTimezone=UTC'), JAVA, { image: 'mysql:8.0' }) },
    {
      title: 'Connector/J that may ask',
      files: tree(jdbc('useSSL=false&allowPublicKeyRetrieval=true'), JAVA, { image: 'mysql:8.0' }),
    },
    {
      title: 'Connector/J beside a check that logs in before',
      files: tree(jdbc('useSSL=false'), JAVA, {
        image: 'mysql:8.0',
        database: 'healthcheck: { test: ["CMD", "mysqladmin", "ping", "-ushop", "-pone-password"] }',
      }),
    },
  ],
  *check(deployment) {
    for (const { container } of deployment.machines) {
      if (container === null || !container.service.complete) continue
      for (const mysql of modernMysqls(container)) {
        if (mysql.service === container.service) continue
        const client = oldClient(container, mysql)
        if (client === null) continue
        const isSaid = (deployment.setups() ?? []).some(({ text }) => /native_password/i.test(text))
        if (isSaid) continue
        yield {
          at: mysql.at,
          message: `the accounts that \`${mysql.image}\` makes log in with \`caching_sha2_password\`, which ${client.name} of the service \`${container.service.name}\` cannot do: ${client.said}`,
          label: 'asks for `caching_sha2_password`',
          related: [{ at: client.at, message: 'the client' }],
          help: client.help,
        }
      }
    }
  },
})
