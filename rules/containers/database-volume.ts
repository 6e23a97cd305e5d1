import type { ComposeMount, ComposeService } from '../../parsers/compose/compose.ts'
import { composeProjects } from './_compose-projects.ts'
import type { DockerImage } from '../../parsers/dockerfile/image-of-stage.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'

const tree = (service: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      web:
        image: registry.example.org/shop:1.4
      db:
        ${service}
  `,
})
const postgres = (mount: string, more = '', tag = '16'): Record<string, string> =>
  tree(conf`
    image: postgres:${tag}
    environment:
      POSTGRES_PASSWORD: a
      ${more}
    volumes:
      - ${mount}
  `)

export default defineRule({
  summary: 'The volume of a database stands where the database keeps nothing',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each image keeps its data in one directory. A volume at another path stays empty, and the data lies in the container or in a volume without a name: after `docker compose down`, or with the next image, it is gone.',
  remedy:
    'Mount the volume at the directory of the image: `/var/lib/postgresql/data`, `/var/lib/mysql`, `/data/db`, `/data`',
  references: [
    'https://hub.docker.com/_/postgres',
    'https://hub.docker.com/_/mysql',
    'https://hub.docker.com/_/mongo',
    'https://hub.docker.com/_/redis',
  ],
  unproven: 'The live tests start no databases in containers: where an image keeps its data, its page says',
  bad: [
    {
      title: 'an image that is built on that of the database',
      files: {
        ...tree('build: ./db\nvolumes: ["«./data:/var/lib/postgresql»"]'),
        'db/Dockerfile': 'FROM postgres:16\nCOPY init.sql /docker-entrypoint-initdb.d/\n',
        'db/init.sql': 'CREATE DATABASE shop;\n',
      },
    },
    { title: 'a path that is nearly right', files: postgres('«./pgdata:/var/lib/postgres/data»') },
    {
      title: 'above the volume that the image has itself',
      files: postgres('«./pgdata:/var/lib/postgresql»'),
    },
    {
      title: 'beside a file of variables that does not move the data',
      files: {
        ...tree(conf`
          image: postgres:16
          env_file: db.env
          volumes: ["«./pgdata:/var/lib/postgres/data»"]
        `),
        'db.env': 'POSTGRES_PASSWORD=a\n',
      },
    },
    {
      title: 'MongoDB',
      files: tree(conf`
        image: mongo:7
        volumes: ["«./mongo-data:/var/lib/mongodb»"]
      `),
    },
  ],
  good: [
    {
      title: 'an image of its own with another directory',
      files: {
        ...tree('build: ./db\nvolumes: ["./data:/var/lib/postgresql"]'),
        'db/Dockerfile': 'FROM postgres:16\nENV PGDATA=/var/lib/postgresql/16\n',
      },
    },
    { title: 'the directory of the image', files: postgres('./pgdata:/var/lib/postgresql/data') },
    { title: 'the directory of newer images', files: postgres('./pgdata:/var/lib/postgresql', '', '18') },
    {
      title: 'a directory of its own choice',
      files: postgres('./pgdata:/srv/db', 'PGDATA: /srv/db/16'),
    },
    {
      title: 'a directory of its own choice, in a file of variables',
      files: {
        ...tree(conf`
          image: postgres:16
          env_file: db.env
          volumes: ["./pgdata:/var/lib/postgres/data"]
        `),
        'db.env': 'POSTGRES_PASSWORD=a\nPGDATA=/var/lib/postgres/data\n',
      },
    },
    {
      title: 'files beside the data',
      files: tree(conf`
        image: mongo:7
        volumes: ["./mongo-data:/data/db", "./dumps:/var/backups/mongo"]
      `),
    },
    {
      title: 'files for MySQL to load',
      files: tree(conf`
        image: mysql:8
        volumes: ["./import:/var/lib/mysql-files"]
      `),
    },
    {
      title: 'no data at all',
      files: tree(conf`
        image: postgres:16
        environment: { POSTGRES_PASSWORD: a }
        volumes: ["./init:/docker-entrypoint-initdb.d", "./backups:/backups"]
      `),
    },
  ],
  *check(deployment) {
    for (const { project, hostFiles } of composeProjects(deployment))
      for (const service of project.services.values()) {
        if (service.image?.known === true && service.build === null)
          yield* emptyVolumes(service, hostFiles, service.image.value, service.image.at)
      }
    for (const { container } of deployment.machines) {
      if (container === null || container.isAlone || container.image === null) continue
      const { service, image, reference, hostFiles } = container
      if (service.build !== null && reference !== null && leavesItsData(image))
        yield* emptyVolumes(service, hostFiles, reference, image.stage.image.at)
    }
  },
})

/** True for a Dockerfile that has neither its own start nor its own directory for the data. */
function leavesItsData({ entrypoint, command, environment }: DockerImage): boolean {
  return (
    entrypoint === null &&
    command === null &&
    environment.every(({ name }) => !/PGDATA|DATA_?DIR/i.test(name))
  )
}

function* emptyVolumes(service: ComposeService, files: FileSystem, reference: string, image: Place | null) {
  const kept = keptIn(service, files, reference)
  if (kept === null || service.volumes.some(({ target }) => !target.known)) return
  if (service.volumes.some(each => isAt(each, kept.directory))) return
  for (const mount of service.volumes) {
    if (!kept.looks.test(mount.target.known ? mount.target.value : '')) continue
    yield {
      at: mount.at,
      message: `${kept.name} keeps its data in \`${kept.directory}\`, and this volume stays empty`,
      label: 'another directory',
      related: [{ at: image ?? service.at, message: 'the image' }],
      help: `Mount it at \`${kept.directory}\``,
    }
  }
}

interface Kept {
  readonly name: string
  readonly directory: string
  /** Paths that people take for it. */
  readonly looks: RegExp
}

const IMAGES: Readonly<Record<string, Kept>> = {
  postgres: {
    name: 'PostgreSQL',
    directory: '/var/lib/postgresql/data',
    looks:
      /^\/var\/lib\/(?:postgres|postgresql|pgsql|psql|pg)(?:\/|$)|^\/(?:pgdata|postgres-?data|var\/pgdata)\/?$/i,
  },
  mysql: {
    name: 'MySQL',
    directory: '/var/lib/mysql',
    // Files to load and keys have directories of their own.
    looks: /^\/var\/lib\/(?:mysql(?!-(?:files|keyring))|my-?sql-?data|db|mariadb)[^/]*(?:\/|$)/i,
  },
  mariadb: {
    name: 'MariaDB',
    directory: '/var/lib/mysql',
    looks: /^\/var\/lib\/(?:mysql|mariadb|maria)[^/]*(?:\/|$)/i,
  },
  mongo: {
    name: 'MongoDB',
    directory: '/data/db',
    looks: /^\/var\/lib\/mongo[^/]*(?:\/|$)|^\/data\/mongo[^/]*\/?$|^\/(?:mongo|mongodb)\/data\/?$/i,
  },
}

/** Where an official image keeps its data; null where a setting or a file may say another directory. */
function keptIn(service: ComposeService, files: FileSystem, image: string): Kept | null {
  const { command, entrypoint } = service
  if (entrypoint !== null) return null
  const [, name = '', version] =
    /^(?:docker\.io\/)?(?:library\/)?(postgres|mysql|mariadb|mongo)(?::(\d+)\S*|[:@]\S*)?$/.exec(image) ?? []
  const kept = IMAGES[name]
  // Without a number it may be the newest, whose directory is another one.
  if (kept === undefined || (name === 'postgres' && (version === undefined || Number(version) >= 18)))
    return null
  if (command?.words.some(({ text }) => /data|dbpath|config|\.c(?:onf|nf)|^-D/i.test(text)) === true)
    return null
  const given = serviceVariables(service, files)
  return given.complete && given.variables.every(each => each.name !== 'PGDATA') ? kept : null
}

function isAt({ target }: ComposeMount, directory: string): boolean {
  return target.known && target.value.replace(/(.)\/+$/, '$1') === directory
}
