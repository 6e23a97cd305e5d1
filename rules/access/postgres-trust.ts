import type { HbaRecord } from '../../parsers/postgres/parse-hba.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { isHbaOfThisMachine, postgresAddresses } from '../../src/servers/addresses/postgres.ts'
import { nginxMain } from '../_examples.ts'
import { hbaOf } from '../django/_hba.ts'

const tree = (lines: string, addresses = '*'): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 80;
        server_name example.org;
        root /srv/www;
    }
  `),
  'etc/postgresql/15/main/postgresql.conf': conf`
    listen_addresses = '${addresses}'
    port = 5432
  `,
  'etc/postgresql/15/main/pg_hba.conf': conf`
    local all all peer
    ${lines}
  `,
})

export default defineRule({
  summary: 'PostgreSQL lets other machines in without a password',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 9.1,
  cwe: [306],
  since: '0.1.0',
  why: '`trust` asks for nothing: whoever reaches the port is any user that they name, `postgres` too, who reads and changes every database and may run commands on the machine.',
  remedy: 'Write `scram-sha-256` in its place, and the address of the one machine that has to connect',
  references: ['https://www.postgresql.org/docs/current/auth-trust.html'],
  unproven: 'The live tests start no database',
  bad: [
    { title: 'every address', files: tree('host all all 0.0.0.0/0 «trust»') },
    {
      title: 'a replica, which a record for all databases does not take',
      files: tree(conf`
        host all all all scram-sha-256
        host replication replica 10.0.0.0/8 «trust»
      `),
    },
    { title: 'a network, with a mask of its own', files: tree('host all all 10.0.0.0 255.0.0.0 «trust»') },
  ],
  good: [
    { title: 'a password', files: tree('host all all 0.0.0.0/0 scram-sha-256') },
    { title: 'this machine', files: tree('host all all 127.0.0.1/32 trust') },
    {
      title: 'a server that other machines do not reach',
      files: tree('host all all 0.0.0.0/0 trust', 'localhost'),
    },
    {
      title: 'a certificate that the client has to have',
      files: tree('hostssl all all 0.0.0.0/0 trust clientcert=verify-full'),
    },
    {
      title: 'a network that an earlier record takes',
      files: tree(conf`
        host all all 0.0.0.0/0 scram-sha-256
        host all all 10.0.0.0/8 trust
      `),
    },
    {
      title: 'a record that an earlier one takes everything from',
      files: tree(conf`
        host all all all reject
        host all all 0.0.0.0/0 trust
      `),
    },
  ],
  *check(deployment) {
    for (const server of programsOfKind(deployment, 'postgres')) {
      const listen = server.setting('listen_addresses')
      if (listen?.known !== true) continue
      const isOpen = listen.value
        .split(',')
        .some(each => postgresAddresses(each.trim()).some(address => isLoopback(address) === false))
      if (!isOpen) continue
      const taken: HbaRecord[] = []
      for (const record of hbaOf(server) ?? []) {
        if (record.type === 'local') continue
        if (record.method !== 'trust') {
          taken.push(record)
          continue
        }
        if (isHbaOfThisMachine(record.address, record.mask) || taken.some(each => takes(each, record)))
          continue
        // A certificate of the client is asked for before, and says who it is.
        if (record.options.some(each => /^clientcert=(?:1|verify-ca|verify-full)$/.test(each))) continue
        const isOfAll = record.users.includes('all')
        yield {
          at: record.methodAt,
          message: `a client of \`${record.address}\` is ${isOfAll ? 'any user of the database' : record.users.map(each => `\`${each}\``).join(', ')} that it names`,
          label: 'asks for no password',
          related:
            listen.at === null ? [] : [{ at: listen.at, message: 'PostgreSQL listens beyond this machine' }],
        }
      }
    }
  },
})

/** True where an earlier record decides for whoever a later one is for. `all` is no name for `replication`. */
function takes(earlier: HbaRecord, later: HbaRecord): boolean {
  const isOfAll =
    earlier.type === 'host' &&
    earlier.users.includes('all') &&
    later.databases.every(name => earlier.databases.includes(name === 'replication' ? name : 'all'))
  const isSame = earlier.address === later.address && earlier.mask === later.mask
  return isOfAll && (isSame || earlier.address === 'all' || everyAddress(later.address) === earlier.address)
}

/** The network of all addresses of a kind; empty for a name. */
function everyAddress(address: string): string {
  return address.includes(':') ? '::/0' : /^\d/.test(address) ? '0.0.0.0/0' : ''
}
