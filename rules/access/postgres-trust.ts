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
      for (const record of hbaOf(server) ?? []) {
        if (record.type === 'local') continue
        const isForAll = record.databases.includes('all') && record.users.includes('all')
        if (isForAll && record.address === 'all') {
          if (record.method !== 'trust') break
        } else if (isHbaOfThisMachine(record.address, record.mask) || record.method !== 'trust') continue
        if (record.method !== 'trust') continue
        yield {
          at: record.methodAt,
          message: `a client of \`${record.address}\` is any user of the database that it names`,
          label: 'asks for no password',
          related:
            listen.at === null ? [] : [{ at: listen.at, message: 'PostgreSQL listens beyond this machine' }],
        }
      }
    }
  },
})
