import { parseApache } from '../../parsers/apache/parse.ts'
import type { ApacheLineNode, ApacheNode } from '../../parsers/apache/syntax.ts'
import { once } from '../../parsers/collections/once.ts'
import { type DroppedLineEnd, droppedLineEnds } from '../../parsers/text/template/dropped-line-ends.ts'
import type { Source } from '../../parsers/text/source.ts'
import { keptPath } from '../../src/deployment/outer-file.ts'
import { trimsTemplates } from '../../src/deployment/setups/trimmed-templates.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheDirective } from '../../src/servers/apache/directives.ts'

const TASK = conf`
  - name: virtual host
    ansible.builtin.template:
      src: vhost.conf.j2
      dest: /etc/apache2/sites-available/choir.conf
`
const role = (lines: string, task = TASK): Record<string, string> => ({
  'roles/choir/tasks/main.yml': task,
  'roles/choir/templates/vhost.conf.j2': conf`
    <VirtualHost *:80>
        ServerName {{ site_name }}
        ${lines}
        <Directory {{ site_root }}>
            Require all granted
        </Directory>
    </VirtualHost>
  `,
})
const ALIASES = conf`
  ServerAlias {% for name in aliases %}{{ name }} {% endfor %}
  DocumentRoot {{ site_root }}
`

export default defineRule({
  summary: 'Ansible joins the line of a template with the next one',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Ansible renders templates with `trim_blocks`: the line end behind `%}` is dropped. A directive that ends with `{% endfor %}` or `{% endif %}` takes the next line for more of its arguments, and that directive is not there. `apachectl configtest` says `Syntax OK` where any number of arguments may stand, as of `ServerAlias`.',
  remedy:
    "Write the value as one expression, such as `{{ names | join(' ') }}`, or leave an empty line behind the tag",
  references: [
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/template_module.html#parameter-trim_blocks',
    'https://jinja.palletsprojects.com/en/stable/templates/#whitespace-control',
  ],
  unproven: 'The machines of the live tests have no Ansible',
  bad: [
    {
      title: 'names in a loop, and the document root in the next line',
      files: role(ALIASES.replace('{% endfor %}', '«{% endfor %}»')),
    },
    {
      title: 'a branch that ends in front of a section',
      files: role(conf`
        {% if public %}
        DocumentRoot /srv/{% if old %}old{% else %}new«{% endif %}»
        {% endif %}
        <Directory /srv/images>
            Require all denied
        </Directory>
      `),
    },
    {
      title: 'the end of the section',
      files: role(conf`
        <Location /status>
            Require ip{% for address in addresses %} {{ address }}«{% endfor %}»
        </Location>
      `),
    },
    {
      title: 'a playbook beside its template, and blanks taken away',
      files: {
        'site.yml': conf`
          - hosts: web
            tasks:
              - template: src=templates/site.conf.j2 dest=/etc/httpd/conf.d/site.conf
        `,
        'templates/site.conf.j2': conf`
          <VirtualHost *:80>
              ServerName choir.example.org
              ServerAlias {% for name in aliases %}{{ name }} «{% endfor -%}»

              DocumentRoot /srv/choir
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'one expression',
      files: role(conf`
        ServerAlias {{ aliases | join(' ') }}
        DocumentRoot {{ site_root }}
      `),
    },
    { title: 'an empty line behind it', files: role(ALIASES.replace('\n', '\n\n')) },
    { title: 'a line end that is kept', files: role(ALIASES.replace('{% endfor %}', '{% endfor +%}')) },
    { title: 'a blank behind the tag', files: role(ALIASES.replace('{% endfor %}', '{% endfor %} ')) },
    {
      title: 'without trim_blocks, by the task',
      files: role(ALIASES, `${TASK}    trim_blocks: false\n`),
    },
    {
      title: 'without trim_blocks, by the template',
      files: {
        ...role(''),
        'roles/choir/templates/vhost.conf.j2': conf`
          #jinja2: trim_blocks:False
          <VirtualHost *:80>
              ServerName choir.example.org
              ServerAlias {% for name in aliases %}{{ name }} {% endfor %}
              DocumentRoot /srv/choir
          </VirtualHost>
        `,
      },
    },
    {
      title: 'lines of tags alone, and the tag in the midst of a line',
      files: role(conf`
        {% if aliases %}
        ServerAlias {% for name in aliases %}{{ name }} {% endfor %}choir.example.com
        {% endif %}
        DocumentRoot {{ site_root }}
      `),
    },
    {
      title: 'another branch in the next line',
      files: role(conf`
        {% if aliases %}
        ServerAlias {% for name in aliases %}{{ name }} {% endfor %}
        {% else %}
        ServerAlias choir.example.com
        {% endif %}

        DocumentRoot {{ site_root }}
      `),
    },
    {
      title: 'a comment, which the directive in front of it takes for names',
      files: role(conf`
        ServerAlias {% for name in aliases %}{{ name }} {% endfor %}
        # the pages
        DocumentRoot {{ site_root }}
      `),
    },
    {
      title: 'a template that no Ansible is seen to render',
      files: {
        'vhost.conf.j2': conf`
          <VirtualHost *:80>
              ServerName choir.example.org
              ServerAlias {% for name in aliases %}{{ name }} {% endfor %}
              DocumentRoot /srv/choir
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, setups }) {
    const isTrimmed = once(() => trimsTemplates(setups() ?? []))
    const seen = new Set<Source>()
    for (const { sources } of apache) {
      for (const source of sources) {
        if (!source.template || !/\.j(?:inja)?2$/.test(keptPath(source)) || seen.has(source)) continue
        seen.add(source)
        const dropped = droppedLineEnds(source.text, true)
        if (dropped.length === 0 || !isTrimmed()(source)) continue
        const nodes = parseApache(source)
        for (const { tag, next } of dropped) {
          const [node, lost] = nodesAround(nodes, { tag, next })
          if (node === undefined || lost === undefined || !isKnown(node) || !isKnown(lost)) continue
          yield {
            at: { source, ...tag },
            message: `Ansible drops the line end behind this tag: \`${shown(lost)}\` goes on in the line of \`${shown(node)}\`, as an argument of it`,
            label: 'the line does not end here',
            related: [
              {
                at: { source, start: lost.name.start, end: lost.name.end },
                message: 'not read as a directive',
              },
            ],
          }
        }
      }
    }
  },
})

/** The lines in which a tag ends and that go on behind it; none where one of them is no directive. */
function nodesAround(
  nodes: readonly ApacheNode[],
  { tag, next }: DroppedLineEnd,
): readonly (ApacheLineNode | undefined)[] {
  const index = nodes.findLastIndex(({ start }) => start < tag.end)
  const [node, lost] = [nodes[index], nodes[index + 1]]
  if (node === undefined || lost === undefined || node.kind === 'comment' || lost.kind === 'comment')
    return []
  return lost.start === next ? [node, lost] : []
}

function isKnown({ name }: ApacheLineNode): boolean {
  return apacheDirective(nameOf(name.value).toLowerCase()) !== undefined
}

function nameOf(section: string): string {
  return section.replace(/^<\/?|>$/g, '')
}

function shown({ kind, name }: ApacheLineNode): string {
  return kind === 'directive' ? name.value : `<${kind === 'close' ? '/' : ''}${nameOf(name.value)}>`
}
