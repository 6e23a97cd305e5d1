import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { brokenTags } from '../_broken-tags.ts'

export default defineRule({
  summary: 'A tag of a template lacks its beginning or its end',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  unproven: 'The server reads what an engine of templates makes of the file, which the test does not run',
  why: 'The engine gives such words as they are, and nginx reads the braces as its own: it does not start. Or the engine reads on to the end of the next tag and refuses the template.',
  remedy: 'Write both ends of the tag: `{{ name }}`, `<%= name %>`',
  references: [
    'https://jinja.palletsprojects.com/en/stable/templates/',
    'https://docs.ruby-lang.org/en/3.4/ERB.html',
  ],
  bad: [
    {
      title: 'a tag of Jinja with one brace at its beginning',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              root /srv/«{ name }}»;
          }
        `,
      },
    },
    {
      title: 'a tag of Jinja with one brace at its end',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name «{{ name }»;
              root /srv/{{ name }};
          }
        `,
      },
    },
    {
      title: 'a tag of ERB without its beginning',
      files: {
        'site.conf.erb': conf`
          server {
              listen 80;
              server_name <%= @name %>;
              root @root «%>»;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'whole tags, braces of nginx, and those of a pattern',
      files: {
        'site.conf.j2': conf`
          server { listen 80; server_name {{ name }}; location / { root /srv; }}
          server {
              listen 80;
              server_name {{ name | default('example.org') }};
              root /srv/{{ name }}{{ suffix }};
              location ~ "^/[a-f]{2}/{{ prefix }}" {
                  expires {% if long %}30d{% else %}1d{% endif %};
              }
              location /raw { return 204; }
          }
        `,
      },
    },
    {
      title: 'braces as they are to be',
      files: {
        'site.conf.j2': conf`
          server {
              listen 80;
              server_name {{ name }};
              {% raw %}
              return 200 '{ name }}';
              {% endraw %}
          }
        `,
      },
    },
  ],
  *check({ nginx: configurations }) {
    yield* brokenTags(configurations.flatMap(({ sources }) => sources))
  },
})
