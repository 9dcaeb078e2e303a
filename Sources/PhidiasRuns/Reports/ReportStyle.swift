import Charts

/// How reports look, and the few lines that play the film.
enum ReportStyle {
    static let css = base + confusion + Chart.inlineStyle + smallCharts

    private static let base = """
        :root{color-scheme:light dark;--page:#ffffff;--ink:#1f2328;--faint:#59636e;--line:#d1d9e0;\
        --panel:#f6f8fa;--shade:rgb(31 35 40/22%);--link:#0969da;--mark:#fff1d6;--note:#d55e00}
        @media (prefers-color-scheme:dark){:root{--page:#0d1117;--ink:#e6edf3;--faint:#9198a1;\
        --line:#3d444d;--panel:#151b23;--shade:rgb(230 237 243/30%);--link:#4493f8;--mark:#3b2a10;--note:#ff9a4d}}
        *{box-sizing:border-box}
        [hidden]{display:none!important}
        html{background:var(--page);color:var(--ink);-webkit-text-size-adjust:100%}
        body{margin:0 auto;max-width:64rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;\
        overflow-wrap:anywhere}
        h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
        h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:.6rem;\
        border-top:2px solid var(--line)}
        h3{font-size:1.05rem;margin:2rem 0 .5rem}
        p{margin:.5rem 0;max-width:46rem}
        a{color:var(--link)}
        nav ol{margin:.5rem 0;padding-left:1.8rem;columns:16rem auto}
        .brief{color:var(--faint)}
        footer{margin-top:3rem;border-top:1px solid var(--line);color:var(--faint);font-size:.85rem}
        code,pre{font-family:ui-monospace,monospace;font-size:.8rem}
        pre{margin:0;padding:.6rem .75rem;background:var(--panel);border:1px solid var(--line);\
        border-radius:4px}
        pre.command{white-space:pre-wrap;margin:.4rem 0}
        .command span{display:inline-block;max-width:100%;vertical-align:top}
        .scroll{overflow-x:auto;max-width:100%;margin:.5rem 0;background:\
        linear-gradient(90deg,var(--page) 40%,transparent) 0 0/2rem 100% no-repeat local,\
        linear-gradient(270deg,var(--page) 40%,transparent) 100% 0/2rem 100% no-repeat local,\
        linear-gradient(90deg,var(--shade),transparent) 0 0/.8rem 100% no-repeat scroll,\
        linear-gradient(270deg,var(--shade),transparent) 100% 0/.8rem 100% no-repeat scroll}
        .scroll pre{background:none;width:max-content;min-width:100%}
        .scroll:focus-visible{outline:2px solid var(--link);outline-offset:2px}
        table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;\
        overflow-wrap:normal}
        caption{text-align:left;color:var(--faint);padding:.25rem 0}
        caption span{display:inline-block;position:sticky;left:0;\
        max-width:calc(min(100vw,64rem) - 2rem)}
        th,td{padding:.3rem .7rem .3rem 0;text-align:left;vertical-align:top;\
        border-bottom:1px solid var(--line)}
        th{font-weight:600}
        thead th,thead .number{vertical-align:bottom;white-space:normal}
        .number{text-align:right;white-space:nowrap}
        tbody th{font-weight:400;color:var(--faint);min-width:8rem}
        td.text{min-width:6.5rem}
        .scroll tbody th{position:sticky;left:0;background:var(--page)}
        .scroll tr.marked>*{background:var(--mark)}
        .long{overflow-wrap:anywhere;min-width:10rem}
        figure{margin:1rem 0;min-width:0}
        figcaption{color:var(--faint);font-size:.875rem}
        figcaption p{margin:.35rem 0}
        figcaption pre{color:var(--ink)}
        summary{cursor:pointer;padding:.35rem 0}
        details.chapter{margin:1rem 0;border-top:2px solid var(--line)}
        .chapter>summary{padding:.6rem 0}
        .chapter>summary h2{display:inline;margin:0;border:0;font-size:1.1rem}
        .chapter>summary strong,.chapter>summary span{display:block;font-weight:400;\
        font-size:.9rem;padding-left:1rem}
        .note{border-left:3px solid var(--note);padding-left:.75rem}
        .figures{display:grid;gap:0 1.5rem;\
        grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
        svg.chart,img{max-width:100%;height:auto;display:block}
        .wide svg.chart,.wide img{max-width:none;min-width:0}
        .facts{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}
        .facts div{min-width:6rem}
        dt{color:var(--faint);font-size:.8rem}
        dd{margin:0;font-size:1.1rem;font-variant-numeric:tabular-nums}
        .digits{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(5.5rem,1fr));\
        list-style:none;padding:0;margin:.5rem 0}
        .digits figure{margin:0}
        .digits img{width:100%;max-width:7rem;image-rendering:pixelated;border:1px solid var(--line)}
        .digits figcaption{font-size:.75rem;line-height:1.35}
        .controls{display:flex;gap:.75rem;align-items:center;margin:.5rem 0;flex-wrap:wrap}
        .film{max-width:46rem}
        .grown{image-rendering:pixelated}
        .controls input{flex:1 1 6rem;min-width:0}
        .controls output{min-width:5.5rem;font-size:.875rem;font-variant-numeric:tabular-nums}
        button{font:inherit;padding:.35rem 1rem;min-width:5.5rem;min-height:2.5rem}
        @media (min-width:40rem){body{padding:1.5rem}}

        """

    /// Grades of wrong answers in a confusion matrix, on light and dark pages alike.
    static let grades = 8

    private static var confusion: String {
        let shades = (1...grades).map { grade in
            ".confusion .g\(grade){background:rgb(213 94 0/\(6 + 7 * (grade - 1))%)}"
        }
        return ".confusion th,.confusion td{padding:.25rem .35rem;text-align:right;font-size:.8rem}"
            + ".confusion td{white-space:nowrap}.confusion tbody th{min-width:0}"
            + ".confusion .right{font-weight:600}\(shades.joined())\n"
    }

    /// On a phone charts shrink, and letters must not: the room that a chart keeps for them allows
    /// for a wider font.
    private static let smallCharts = """

        @media (max-width:30rem){tbody th,td.text{min-width:5rem}\
        thead th:first-child,tbody th{max-width:9rem}\
        .wide{border:1px solid var(--line)}.figures svg.chart text{font-size:14px}\
        .figures svg.chart .title{font-size:17px}}
        """

    /// Shows one frame of a film at a time. Nothing moves before the button is pressed, and with
    /// prefers-reduced-motion there is only the slider.
    static let script = """
        for (const film of document.querySelectorAll('.film')) {
          const frames = [...film.querySelectorAll('[data-step]')];
          const [button, slider, label] = film.querySelectorAll('button, input, output');
          const last = frames.length - 1;
          let timer = 0;
          const show = (place) => {
            frames.forEach((frame, index) => { frame.hidden = index !== place; });
            slider.value = place;
            label.textContent = frames[place].dataset.step;
            slider.setAttribute('aria-valuetext', label.textContent);
          };
          const stop = () => {
            clearInterval(timer);
            timer = 0;
            button.textContent = 'Play';
          };
          button.addEventListener('click', () => {
            if (timer) { stop(); return; }
            if (Number(slider.value) === last) show(0);
            button.textContent = 'Pause';
            timer = setInterval(() => {
              show(Number(slider.value) + 1);
              if (Number(slider.value) === last) stop();
            }, 150);
          });
          slider.addEventListener('input', () => { stop(); show(Number(slider.value)); });
          button.hidden = matchMedia('(prefers-reduced-motion: reduce)').matches;
          film.querySelector('.controls').hidden = false;
          show(last);
        }
        // A link to a chapter that is folded opens it.
        const open = () => {
          const chapter = document.getElementById(location.hash.slice(1));
          if (chapter?.firstElementChild?.matches('details')) chapter.firstElementChild.open = true;
        };
        addEventListener('hashchange', open);
        open();
        """
}
