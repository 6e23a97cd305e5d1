import * as v from 'valibot'
import { SEVERITIES } from '../../engine/severity.ts'
import { parseNetwork } from '../../servers/addresses/ip.ts'

const version = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(String),
  v.regex(/^\d+(?:\.\d+){1,3}$/, 'a version such as 1.24.0'),
)
const port = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(String),
  v.regex(/^(?:\S+:)?\d{1,5}$/, 'a port, or an address and a port such as 127.0.0.1:9000'),
)
const network = v.pipe(
  v.string(),
  v.check(text => parseNetwork(text) !== null, 'an address or a network such as 192.0.2.0/24'),
)
const bytes = v.union([
  v.pipe(v.number(), v.integer(), v.minValue(1)),
  v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?\s*(?:[KMGT]i?)?B?$/i, 'a size such as 4 GB')),
])

/** `.auditrc`, as written: every key is optional, and one that is not here is a mistake. */
const rules = v.record(v.string(), v.picklist(['off', 'on', ...SEVERITIES]))

export const auditrcSchema = v.strictObject({
  extends: v.optional(
    v.pipe(
      v.union([v.string(), v.array(v.string())]),
      v.description(
        'Other files like this one, relative to it: what they say holds where this one says nothing.',
      ),
    ),
  ),
  root: v.optional(
    v.pipe(v.string(), v.description('The directory that stands for /, relative to this file.')),
  ),
  ignore: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description(
        'Globs of files, relative to this file, that are not audited and in which nothing is reported.',
      ),
    ),
  ),
  versions: v.optional(
    v.pipe(
      v.strictObject({ nginx: v.optional(version), apache: v.optional(version) }),
      v.description('The servers’ versions, where the machine’s package database is not in the tree.'),
    ),
  ),
  include: v.optional(
    v.strictObject({
      map: v.optional(
        v.pipe(
          v.record(v.string(), v.string()),
          v.description(
            'Where includes point to in this tree: a path of the server to a directory of this tree.',
          ),
        ),
      ),
    }),
  ),
  defines: v.optional(
    v.pipe(v.array(v.string()), v.description('Names that httpd is started with as -D NAME.')),
  ),
  rules: v.optional(
    v.pipe(
      rules,
      v.description(
        'A rule or a whole group: off, on, or the severity of its findings. A rule wins over its group.',
      ),
    ),
  ),
  overrides: v.optional(
    v.pipe(
      v.array(v.strictObject({ files: v.array(v.string()), rules })),
      v.description(
        'Rules of some files alone: globs relative to this file, of which the last that matches wins.',
      ),
    ),
  ),
  facts: v.optional(
    v.pipe(
      v.strictObject({
        threadSafe: v.optional(
          v.pipe(v.boolean(), v.description('Whether the application may run in several threads.')),
        ),
        canonicalHosts: v.optional(
          v.pipe(v.array(v.string()), v.description('Names of which each page has exactly one.')),
        ),
        threadUnsafeLibraries: v.optional(
          v.pipe(
            v.array(v.string()),
            v.description('Import names of libraries that must not run in two threads.'),
          ),
        ),
        minimumMaximumRequests: v.optional(
          v.pipe(
            v.number(),
            v.integer(),
            v.minValue(0),
            v.description('maximum-requests below this is too low.'),
          ),
        ),
        publicListeners: v.optional(
          v.pipe(v.array(port), v.description('Backend listeners that are public on purpose.')),
        ),
        outerProxies: v.optional(
          v.pipe(
            v.array(network),
            v.description(
              'Addresses and networks of the proxies in front of nginx, which speak TLS with the clients and set the forwarded headers.',
            ),
          ),
        ),
        memory: v.optional(v.pipe(bytes, v.description('The machine’s memory, in bytes or as 4 GB.'))),
      }),
      v.description('What no configuration file says and the owner knows.'),
    ),
  ),
})

export type AuditrcFile = v.InferOutput<typeof auditrcSchema>
