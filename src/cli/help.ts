export const HELP = `deploy-audit [PATH…]        audit a folder, a main file, a fragment or an \`nginx -T\` dump
                            (default: /etc where it holds nginx or Apache, else .)
deploy-audit resolve PATH   print the configuration as the server reads it, includes in place
                            (secrets masked; --show-secrets prints them)
deploy-audit map PATH       draw who listens, who proxies to whom and what answers
                            (--site NAME: one name alone; --format text, json, mermaid or dot)
deploy-audit trace URL PATH follow one request through every layer, each decision with its line
                            (--method M, --address A; --format text or json)
deploy-audit explain RULE   why a rule reports, what to do about it, examples, references
deploy-audit rules          list every rule (--format json for programs)
deploy-audit init           write a .auditrc to begin with

  -f, --format FORMAT       text, concise, json, sarif or github (default text)
  -o, --output FILE         write there instead of to standard output
      --root DIR            the folder that stands for / (default: told by the path)
  -D, --define NAME         a name that httpd is started with as -D NAME; may be repeated
      --nginx-version V     the nginx that will read the configuration, such as 1.24.0
      --config FILE         read this .auditrc; --no-config reads none
      --only ID             these rules or groups alone; may be repeated, or a list with commas
      --skip ID             all but these rules or groups
      --min-severity S      report info, warning or error and above (default info)
      --min-confidence C    report low, medium or high and above (default low)
      --fail-on S           exit 1 at error, warning, info or never (default warning)
      --allow-incomplete    do not exit 4 where a file that a server reads could not be read
      --stdin-filename NAME with the path -: the file that standard input stands for
      --color WHEN          auto, always or never; NO_COLOR and FORCE_COLOR are heard
  -q, --quiet               findings alone
  -v, --verbose             say what is read, and why
      --version, -h, --help

Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 the audit cannot be done as asked;
3 a defect of deploy-audit; 4 not all that a server reads could be read or understood.
`
