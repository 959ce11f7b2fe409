interface NumberTableProps {
  /** Names of the columns; the first is that of the rows' names. */
  readonly columns: readonly string[];
  /** Per row its name and a text per number. */
  readonly rows: readonly (readonly (string | number)[])[];
  readonly caption?: string;
  readonly kind?: string;
}

/** A table of numbers: what a drawing shows, for those who would rather read it. */
export function NumberTable({ columns: [first, ...others], rows, caption, kind }: NumberTableProps) {
  return (
    <table {...(kind && { class: kind })}>
      {caption && <caption>{caption}</caption>}
      <thead>
        <tr>
          <th scope="col">{first}</th>
          {others.map((name) => (
            <th scope="col" class="number" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, ...numbers], index) => (
          <tr key={index}>
            <th scope="row">{name}</th>
            {numbers.map((number, column) => (
              <td class="number" key={column}>
                {number}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
